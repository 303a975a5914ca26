/** Other projects' own clients talk to the server: MLflow's scoring client, Triton's HTTP client, requests, curl. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const root = new URL('../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'loadline-clients-'));

function python(): string {
  const path = process.env.LOADLINE_TEST_PYTHON;
  assert.ok(path, 'LOADLINE_TEST_PYTHON is not set: run `make test`, which installs the clients and sets it');
  return path;
}

async function serve(model: string): Promise<{ child: ChildProcess; url: string; name: string }> {
  const child = spawn(process.execPath, [`${root}bin/loadline.js`, 'serve', model, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const { url, name } = JSON.parse(line) as { url: string; name: string };
  return { child, url, name };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGINT');
  await once(child, 'exit');
}

/** Fits the models with the scikit-learn that also checks the answers. */
const FIT = `
import pickle, sys, json, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
out = sys.argv[1]
r = np.random.RandomState(3)
X = r.randn(200, 4).round(3)
label = np.array(["low", "mid", "high"])[np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])]
frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
models = {
    "regressor": make_pipeline(StandardScaler(), Ridge()).fit(frame, X @ [1, 2, 3, 4]),
    "strings": RandomForestClassifier(10, random_state=0).fit(X, label),
    "numbers": LogisticRegression().fit(X, (X[:, 0] > 0).astype(int)),
}
for name, model in models.items():
    pickle.dump(model, open(f"{out}/{name}.pkl", "wb"))
json.dump(frame.head(20).to_dict("records"), open(f"{out}/rows.json", "w"))
`;

execFileSync(python(), ['-c', FIT, folder]);

for (const model of ['regressor', 'strings', 'numbers']) {
  test(`MLflow's, Triton's and plain HTTP clients get scikit-learn's answers: ${model}`, async () => {
    const path = join(folder, `${model}.pkl`);
    const { child, url, name } = await serve(path);
    try {
      const run = spawn(python(), [
        `${root}test/clients/clients.py`,
        url,
        name,
        path,
        join(folder, 'rows.json'),
      ]);
      let stdout = '';
      let stderr = '';
      run.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
      });
      run.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const [code] = (await once(run, 'exit')) as [number | null];
      assert.equal(code, 0, `${stdout}${stderr}`);
      const checks = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { check: string; ok: boolean });
      assert.ok(checks.length >= 15 && checks.every(({ ok }) => ok), stdout);
    } finally {
      await stop(child);
    }
  });
}

test('curl as the README shows it', async () => {
  const { child, url } = await serve(`${root}examples/house-price/model.pkl`);
  try {
    const [expected] = JSON.parse(
      readFileSync(`${root}test/cli/house-price-expected.json`, 'utf8'),
    ) as number[];
    const file = join(folder, 'body.json');
    writeFileSync(file, '{"features": {"rooms": 4, "area_m2": 120, "distance_km": 5.5, "age_years": 12}}');
    for (const args of [
      ['-d', '{"features": [120, 4, 12, 5.5]}'],
      ['-H', 'Content-Type: application/json', '-d', `@${file}`],
      ['-H', 'Transfer-Encoding: chunked', '-H', 'Content-Type: text/plain', '--data-binary', `@${file}`],
    ]) {
      const run = spawnSync('curl', ['-sS', '--fail', `${url}/predict`, ...args], { encoding: 'utf8' });
      assert.equal(run.status, 0, run.stderr);
      const { prediction } = JSON.parse(run.stdout) as { prediction: number[] };
      assert.ok(Math.abs(prediction[0]! - expected!) <= 1e-9 * Math.abs(expected!), run.stdout);
    }
  } finally {
    await stop(child);
  }
});
