/** The command line as a person uses it: a process, its output, its exit code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandLine, HOUSES, ROOT } from './command-line.ts';

const root = ROOT;
const example = HOUSES;
const { folder, loadline, file } = commandLine();

/** A pickle that would create `marker` if it were loaded in Python: posix.system by REDUCE. */
function malicious(marker: string): Uint8Array {
  return Buffer.from(`cposix\nsystem\n(S'touch ${marker}'\ntR.`, 'latin1');
}

/** `model.predict` of scikit-learn 1.9.1 on the two rows of the example, printed by `repr`. */
const ROWS = JSON.stringify([
  { area_m2: 120, rooms: 4, age_years: 12, distance_km: 5.5 },
  { distance_km: 1.2, age_years: 40, rooms: 2, area_m2: 64.5 },
]);
const EXPECTED = JSON.parse(
  readFileSync(new URL('house-price-expected.json', import.meta.url), 'utf8'),
) as number[];

function close(found: unknown, wanted: readonly number[]): void {
  assert.ok(Array.isArray(found));
  assert.equal(found.length, wanted.length);
  found.forEach((value: number, i) => {
    assert.ok(Math.abs(value - wanted[i]!) <= 1e-9 * Math.abs(wanted[i]!), `${value} is not ${wanted[i]}`);
  });
}

test('without arguments it shows what it can do', () => {
  const { code, stdout } = loadline([]);
  assert.equal(code, 0);
  for (const command of ['inspect', 'predict', 'serve', 'doctor', 'explain']) {
    assert.match(stdout, new RegExp(`loadline ${command}|^  ${command} `, 'm'));
  }
});

test('an unknown command is a usage error with the nearest one', () => {
  const { code, stderr } = loadline(['inspct', 'x']);
  assert.equal(code, 2);
  assert.match(stderr, /inspect/);
});

test('an unknown option is a usage error', () => {
  assert.equal(loadline(['inspect', example, '--jsn']).code, 2);
});

test('inspect tells what is in the example', () => {
  const { code, stdout } = loadline(['inspect', example]);
  assert.equal(code, 0);
  for (const part of [
    'Pipeline',
    'StandardScaler',
    'LinearRegression',
    'area_m2',
    'scikit-learn 1.9.1',
    'Can be served',
  ]) {
    assert.ok(stdout.includes(part), `${part} in\n${stdout}`);
  }
});

test('inspect --json is one object with the verdict of every global', () => {
  const { code, stdout } = loadline(['inspect', example, '--json']);
  assert.equal(code, 0);
  const found = JSON.parse(stdout) as {
    verdict: string;
    model: { features: { name: string }[]; methods: string[] };
    origin: { sha256: string };
    globals: { verdict: string }[];
  };
  assert.equal(found.verdict, 'servable');
  assert.deepEqual(
    found.model.features.map((feature) => feature.name),
    ['area_m2', 'rooms', 'age_years', 'distance_km'],
  );
  assert.match(found.origin.sha256, /^[0-9a-f]{64}$/);
  assert.ok(found.globals.every((use) => use.verdict.startsWith('known')));
});

test('a malicious file: inspect is safe and says so, predict and serve refuse with 5, nothing ran', () => {
  const marker = join(folder, 'executed');
  const path = file('evil.pkl', malicious(marker));
  const seen = loadline(['inspect', path]);
  assert.equal(seen.code, 0);
  assert.match(seen.stdout, /DANGEROUS/);
  assert.match(seen.stdout, /posix\.system +byte 0/);
  const refused = loadline(['predict', path, '--input', file('rows.json', '[[1]]')]);
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /LL3005/);
  assert.match(refused.stderr, /posix\.system.*\(byte 0\)/);
  const served = loadline(['serve', path, '--port', '0']);
  assert.equal(served.code, 5);
  assert.ok(!existsSync(marker));
});

test('the marker of the malicious file does appear when Python loads it, so the test above can fail', () => {
  const marker = join(folder, 'executed-by-python');
  const path = file('evil-python.pkl', malicious(marker));
  const python = process.env.LOADLINE_TEST_PYTHON ?? 'python3';
  const run = spawnSync(python, ['-c', 'import pickle,sys; pickle.load(open(sys.argv[1],"rb"))', path]);
  assert.equal(run.status, 0, String(run.stderr));
  assert.ok(existsSync(marker));
});

test('predict: objects by name in any order, arrays, CSV and stdin agree with scikit-learn', () => {
  const inputs: readonly (readonly string[])[] = [
    ['--input', file('houses.json', ROWS)],
    [
      '--input',
      file('houses.ndjson', (JSON.parse(ROWS) as unknown[]).map((row) => JSON.stringify(row)).join('\n')),
    ],
    ['--input', file('houses.csv', 'distance_km,area_m2,rooms,age_years\n5.5,120,4,12\n1.2,64.5,2,40\n')],
    ['--input', file('plain.csv', '120,4,12,5.5\n64.5,2,40,1.2\n')],
    ['--input', file('features.json', '{"features": [[120,4,12,5.5],[64.5,2,40,1.2]]}')],
  ];
  for (const args of inputs) {
    const { code, stdout, stderr } = loadline(['predict', example, ...args]);
    assert.equal(code, 0, stderr);
    close((JSON.parse(stdout) as { prediction: unknown }).prediction, EXPECTED);
  }
  const piped = loadline(['predict', example, '--input', '-', '--format', 'json'], ROWS);
  close((JSON.parse(piped.stdout) as { prediction: unknown }).prediction, EXPECTED);
});

test('predict --out writes the whole file or none', () => {
  const rows = file('houses2.json', ROWS);
  const csv = join(folder, 'scores.csv');
  assert.equal(loadline(['predict', example, '--input', rows, '--out', csv]).code, 0);
  const lines = readFileSync(csv, 'utf8').trimEnd().split('\n');
  assert.equal(lines[0], 'prediction');
  close(lines.slice(1).map(Number), EXPECTED);

  const bad = file('bad.ndjson', `${'[120,4,12,5.5]\n'.repeat(5000)}[120,"x",12,5.5]\n`);
  const out = join(folder, 'none.ndjson');
  const failed = loadline(['predict', example, '--input', bad, '--out', out]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /Row 5000, rooms: wanted a number, found a string/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('none.ndjson')),
    [],
  );
});

test('predict --proba adds probabilities and classes in every output format', () => {
  const folderOfCase = `${root}corpus/linear/logistic-binary`;
  // The container varies over the corpus: 1.7.pkl, 1.7.joblib, …
  const file17 = readdirSync(folderOfCase).find((name) => name.startsWith('1.7.') && !name.endsWith('.json'));
  const model = `${folderOfCase}/${file17}`;
  const entry = JSON.parse(readFileSync(`${root}corpus/linear/logistic-binary/case.json`, 'utf8')) as {
    input: unknown[];
  };
  const { expected } = JSON.parse(readFileSync(`${root}corpus/linear/logistic-binary/1.7.json`, 'utf8')) as {
    expected: { predict: unknown[]; predict_proba: number[][]; classes: unknown[] };
  };
  const rows = file('rows-proba.json', JSON.stringify(entry.input));
  const { code, stdout, stderr } = loadline(['predict', model, '--input', rows, '--proba']);
  assert.equal(code, 0, stderr);
  const answer = JSON.parse(stdout) as {
    prediction: unknown[];
    probabilities: number[][];
    classes: unknown[];
  };
  assert.deepEqual(answer.prediction, expected.predict);
  assert.deepEqual(answer.classes, expected.classes);
  answer.probabilities.forEach((row, i) => {
    close(row, expected.predict_proba[i]!);
  });
  const out = join(folder, 'proba.ndjson');
  assert.equal(loadline(['predict', model, '--input', rows, '--proba', '--out', out]).code, 0);
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, entry.input.length);
  close((JSON.parse(lines[0]!) as { probabilities: unknown }).probabilities, expected.predict_proba[0]!);
});

test('exit codes: usage 2, configuration 3, not found 4, failed 1', () => {
  const rows = file('some.json', '[[1,2,3,4]]');
  const cases: readonly [readonly string[], number, RegExp][] = [
    [['predict', example], 2, /--input/],
    [['predict', example, '--input', 'rows.xyz'], 1, /ending/],
    [['predict', 'none.pkl', '--input', rows], 4, /none\.pkl/],
    [['predict', example, '--input', 'none.json'], 4, /none\.json/],
    [['predict', rows, '--input', rows], 1, /LL3/],
    [['predict', example, '--input', rows, '--proba'], 1, /predict_proba/],
    [['serve', example, '--host', '0.0.0.0', '--port', '0'], 3, /--allow-anonymous/],
    [['serve', example, '--workers', 'many'], 2, /--workers/],
    [['serve', example, '--port', '0', '--drain', 'soon'], 2, /--drain/],
    [['explain', 'LL9999'], 4, /LL9999/],
  ];
  for (const [args, wanted, message] of cases) {
    const { code, stderr } = loadline(args);
    assert.equal(code, wanted, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
  }
});

test('a limit that a file goes over is named, and can be raised', () => {
  const refused = loadline(['inspect', example, '--limits', 'fileBytes=1Ki']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /LL3004[\s\S]*fileBytes[\s\S]*--limits NAME=VALUE/);
  assert.equal(loadline(['inspect', example, '--limits', 'fileBytes=2Ki,ratio=1000']).code, 0);
  const unknown = loadline(['inspect', example, '--limits', 'bytes=2']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /fileBytes/);
});

test('errors with --json are one JSON object on stderr', () => {
  const { code, stdout, stderr } = loadline(['predict', 'none.pkl', '--input', 'x.json', '--json']);
  assert.equal(code, 4);
  assert.equal(stdout, '');
  const { error } = JSON.parse(stderr) as { error: { code: string; fix: string } };
  assert.equal(error.code, 'LL1006');
  assert.ok(error.fix.length > 0);
});

test('explain shows every code; doctor checks this machine', () => {
  assert.match(loadline(['explain']).stdout, /LL2003/);
  assert.match(loadline(['explain', 'll2003']).stdout, /fix/);
  const { stdout } = loadline(['doctor', '--port', '0', '--json']);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
  assert.ok(checks.some((check) => check.name === 'Node.js' && check.status === 'ok'));
});

test('shell completion offers the commands', () => {
  assert.match(loadline(['complete', '--', 'ins']).stdout, /^inspect\t/m);
  assert.match(loadline(['complete', 'bash']).stdout, /loadline/);
});

test('a Node that is too old says so in one line where the checkout has none of its own', () => {
  // A stand-in for an old Node: the version is all the starter looks at.
  const script = `Object.defineProperty(process, 'versions', {value: {node: '20.1.0'}}); process.argv[1] = ${JSON.stringify(`${root}bin/loadline.js`)};`;
  const copy = file('loadline.mjs', readFileSync(`${root}bin/loadline.js`));
  const run = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(script)}`, copy, '--version'],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(run.status, 8);
  assert.match(run.stderr, /^✗ Loadline needs Node\.js 22\.18 or newer, this is 20\.1\.0: .*\n$/);
});
