/**
 * How quickly is an image built and pushed without an engine, what travels, how large is it beside the tutorial's, and what
 * does a container add to the start? Parts as in the tests: a registry and an engine of the benchmark's own.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Sent, startLoad } from '../src/image/check/load.ts';
import { pushBase } from '../test/image/base.ts';
import { type Engine, startEngine } from '../test/image/engine.ts';
import { startRegistry } from '../test/image/registry.ts';
import { packageCommand } from './package.ts';
import { firstAnswer, median, setting } from './process.ts';
import type { Finding } from './report.ts';

const root = new URL('..', import.meta.url).pathname;
const run = promisify(execFile);

/** Models of the same kind and other data, which differ in their bytes as versions of a model do. */
const VERSIONS = `
import pickle, sys
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
folder, count = sys.argv[1], int(sys.argv[2])
for seed in range(count):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2000, 20)); y = (X[:, 0] + X[:, 1] * rng.normal(size=2000) > 0).astype(int)
    for name, model in (("linear", LogisticRegression()), ("forest", RandomForestClassifier(100, max_depth=8, random_state=seed))):
        with open(f"{folder}/{name}-{seed}.pkl", "wb") as file:
            pickle.dump(model.fit(X, y), file)
`;

interface Pushed {
  readonly digest: string;
  readonly sentBytes: number;
}

/** Builds, pushes, starts and stops; `rounds` of each by turns. */
export async function image(rounds: number, stops: number): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-bench-image-'));
  const python = setting('LOADLINE_BENCH_PYTHON');
  execFileSync(python, ['-c', VERSIONS, folder, String(rounds + 1)]);
  const registry = await startRegistry();
  const engine = await startEngine();
  try {
    await pushBase(registry.host, { tags: ['nonroot'] });
    const env = {
      ...process.env,
      ...engine.env,
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      LOADLINE_REGISTRY_MIRRORS: `gcr.io=http://${registry.host}`,
    };
    return [
      ...(await builds(rounds, folder, registry.host, env)),
      ...sizes(join(folder, 'state'), python),
      ...(await starts(rounds, stops, folder, engine, env)),
    ];
  } finally {
    await engine.stop();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Env = Record<string, string | undefined>;

async function loadline(args: readonly string[], env: Env): Promise<{ seconds: number; answer: unknown }> {
  const start = performance.now();
  const { stdout } = await run(process.execPath, [packageCommand(), ...args, '--json'], { env });
  return { seconds: (performance.now() - start) / 1000, answer: JSON.parse(stdout) };
}

async function builds(rounds: number, folder: string, host: string, env: Env): Promise<Finding[]> {
  const build: number[] = [];
  const push: Record<string, number[]> = { linear: [], forest: [] };
  const surplus: Record<string, number[]> = { linear: [], forest: [] };
  const model: Record<string, number[]> = { linear: [], forest: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const kind of ['linear', 'forest']) {
      const path = join(folder, `${kind}-${round}.pkl`);
      const name = `${host}/team/${kind}:v${round}`;
      const args = ['build', path, '-t', name, '--engine', 'none'];
      const pushed = await loadline([...args, '--push', '--untested'], env);
      const { sentBytes } = pushed.answer as Pushed;
      // As the model lies in the image, which is what the push cannot do without.
      const again = await loadline(args, env);
      const { layerBytes } = again.answer as { layerBytes: { model: number } };
      // The first round brings the base and the server; later ones only change the model.
      if (round > 0) {
        push[kind]!.push(pushed.seconds);
        surplus[kind]!.push(sentBytes - layerBytes.model);
        model[kind]!.push(layerBytes.model);
        if (kind === 'linear') {
          build.push(again.seconds);
        }
      }
      console.error(
        `  image round ${round}/${rounds} ${kind}: pushed in ${pushed.seconds.toFixed(2)} s, ${sentBytes} bytes`,
      );
    }
  }
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  return [
    seconds('build without an engine, warm base, seconds', build, 1.5),
    ...['linear', 'forest'].flatMap((kind): Finding[] => [
      seconds(`new ${kind} version to a pushed manifest, seconds`, push[kind]!, 0.5),
      {
        what: `sent for it beyond the compressed ${kind} model, KB`,
        value: Math.max(...surplus[kind]!) / 1000,
        target: 20,
        atLeast: false,
        detail: `model ${kib(median(model[kind]!))} compressed, ${kib(median(surplus[kind]!))} beyond it`,
      },
    ]),
  ];
}

function seconds(what: string, values: readonly number[], target: number | null): Finding {
  const detail = `${median(values).toFixed(2)} s, slowest ${Math.max(...values).toFixed(2)} s`;
  return { what, value: median(values), target, atLeast: false, detail };
}

/** Sizes as the registry holds them, read from the layout that the builds left. */
function sizes(state: string, python: string): Finding[] {
  const layout = join(state, 'loadline', 'images');
  const read = (digest: string): unknown =>
    JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'));
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
    manifests: { digest: string; annotations?: Record<string, string> }[];
  };
  const linear = manifests.find((one) => /linear:v0$/.test(Object.values(one.annotations ?? {}).join()));
  const { layers } = read(linear!.digest) as { layers: { size: number }[] };
  const server = layers.at(-2)!.size;
  const whole = layers.reduce((sum, { size }) => sum + size, 0);
  const file = execFileSync(join(root, 'bench/tutorial-image.sh'), [python], { encoding: 'utf8' }).trim();
  const [base = 0, packages = 0] = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return [
    {
      what: 'Loadline over the base, compressed MB, model excluded',
      value: server / 1e6,
      target: 3,
      atLeast: false,
      detail: `${server} bytes`,
    },
    {
      what: "whole image, compressed, ÷ the tutorial's",
      value: whole / (base + packages),
      target: 0.6,
      atLeast: false,
      detail: `${mb(whole)} ÷ ${mb(base + packages)} MB (Python ${mb(base)} + packages ${mb(packages)})`,
    },
  ];
}

async function starts(
  rounds: number,
  stops: number,
  folder: string,
  engine: Engine,
  env: Env,
): Promise<Finding[]> {
  const path = join(folder, 'linear-0.pkl');
  const archive = join(folder, 'image.tar');
  await loadline(['build', path, '-t', 'bench:v1', '--engine', 'none', '--output', archive], env);
  await docker(engine, ['load', '--input', archive]);
  const body = JSON.stringify({ features: Array.from({ length: 20 }, () => 0.5) });
  const bare: number[] = [];
  const container: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const bareStart = performance.now();
    const child = spawn(process.execPath, [join(packageCommand(), '../../dist/image/server.js')], {
      env: { ...process.env, LOADLINE_MODEL: path, LOADLINE_PORT: '5121', LOADLINE_DRAIN: '1ms' },
      stdio: 'ignore',
    });
    await firstAnswer({ name: 'bare process', port: 5121, child }, body);
    const bareTook = (performance.now() - bareStart) / 1000;
    child.kill('SIGKILL');
    const start = performance.now();
    const id = await startContainer(engine, body);
    const took = (performance.now() - start) / 1000;
    await docker(engine, ['rm', '--force', id]);
    // The first round fills the file caches.
    if (round > 0) {
      bare.push(bareTook);
      container.push(took);
    }
    console.error(
      `  start round ${round}/${rounds}: bare ${bareTook.toFixed(2)} s, container ${took.toFixed(2)} s`,
    );
  }
  const lost = await stopsUnderLoad(stops, engine, body);
  return [
    {
      what: 'container start to first answer, seconds beyond the bare process',
      value: median(container) - median(bare),
      target: 0.5,
      atLeast: false,
      detail: `${median(container).toFixed(2)} − ${median(bare).toFixed(2)} s`,
    },
    lost,
  ];
}

/** `docker stop` again and again under load from clients that leave when an answer says so, as balancers do. */
async function stopsUnderLoad(stops: number, engine: Engine, body: string): Promise<Finding> {
  const sent: Sent[] = [];
  for (let stop = 1; stop <= stops; stop++) {
    const id = await startContainer(engine, body);
    const load = startLoad({
      port: 5122,
      path: '/predict',
      body,
      connections: 16,
      pauseMs: 2,
      onClose: 'leave',
      onSent: (one) => sent.push(one),
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await docker(engine, ['stop', id]);
    await load.stop();
    const code = await docker(engine, ['inspect', '--format', '{{.State.ExitCode}}', id]);
    if (code !== '0') {
      throw new Error(`stop ${stop}: the container exited with ${code}`);
    }
    await docker(engine, ['rm', id]);
    console.error(`  stop ${stop}/${stops}: ${sent.length} requests so far`);
  }
  const failed = sent.filter(({ status }) => status !== 200).length;
  return {
    what: `requests lost over ${stops} stops under load`,
    value: failed,
    target: 0,
    atLeast: false,
    detail: `${sent.length} requests`,
  };
}

/** Starts a container of the image and waits for its first answer; gives its id. */
async function startContainer(engine: Engine, body: string): Promise<string> {
  const publish = ['-p', '127.0.0.1:5122:5000'];
  const id = await docker(engine, ['run', '--detach', '--read-only', ...publish, 'bench:v1']);
  await firstAnswer({ name: 'container', port: 5122, child: { exitCode: null } as never }, body);
  return id;
}

async function docker(engine: Engine, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(args);
  if (code !== 0) {
    throw new Error(`docker ${args[0]}: ${stderr}`);
  }
  return stdout.trim();
}
