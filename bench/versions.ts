/**
 * The embedded store against a real MLflow server, and what a change of version costs requests: how long it takes from the
 * move of an alias to the first answer by the new version, and what it does to the latency of the others.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openStore } from '../src/versions/store/open.ts';
import { attack, type Hit, percentile } from './open-loop.ts';
import { packageCommand } from './package.ts';
import {
  firstAnswer,
  LOAD_CORE,
  median,
  type Server,
  setting,
  startServer,
  stopServer,
  treePss,
  wrk,
} from './process.ts';
import { type Finding, meets, renderFindings } from './report.ts';

const MIB = 2 ** 20;
const API = '/api/2.0/mlflow';

/** Compares the store's server with MLflow's own: start, memory, look-ups of an alias. */
export async function storeServer(rounds: number, seconds: number): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-bench-'));
  const python = setting('LOADLINE_TEST_PYTHON');
  const ready: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  const memory: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  const rate: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of ['ours', 'theirs'] as const) {
      const port = side === 'ours' ? 5131 : 5132;
      const command =
        side === 'ours'
          ? [
              process.execPath,
              packageCommand(),
              ...['models', 'server', '--port', String(port), '--store', join(folder, `store-${round}`)],
            ]
          : [
              join(dirname(python), 'mlflow'),
              ...['server', '--workers', '1', '--host', '127.0.0.1', '--port', String(port)],
              ...['--backend-store-uri', `sqlite:///${join(folder, `mlflow-${round}.db`)}`],
              ...['--artifacts-destination', join(folder, `artifacts-${round}`)],
            ];
      const from = performance.now();
      const server = startServer(side, port, command, {
        PATH: `${dirname(python)}:${process.env.PATH}`,
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
        MLFLOW_DISABLE_TELEMETRY: 'true',
        DO_NOT_TRACK: 'true',
      });
      try {
        await untilHealthy(server);
        ready[side].push((performance.now() - from) / 1000);
        await seedAlias(port);
        await sleep(1500);
        memory[side].push(treePss(server.child.pid!));
        rate[side].push(lookUps(port, side === 'ours' ? seconds : seconds * 2));
      } finally {
        await stopServer(server);
      }
    }
  }
  const [ours, theirs] = [median(rate.ours), median(rate.theirs)];
  const [our, their] = [median(memory.ours) / MIB, median(memory.theirs) / MIB];
  return [
    {
      what: 'store server: start to ready, s',
      value: median(ready.ours),
      target: 1,
      atLeast: false,
      detail: `${median(ready.ours).toFixed(2)} s, MLflow 3.17.2 with one worker ${median(ready.theirs).toFixed(1)} s`,
    },
    {
      what: 'store server: memory (PSS), MiB',
      value: our,
      target: 100,
      atLeast: false,
      detail: `${our.toFixed(0)} MiB, MLflow ${their.toFixed(0)} MiB`,
    },
    {
      what: 'store server ÷ MLflow: look-ups of an alias per second',
      value: ours / theirs,
      target: 20,
      atLeast: true,
      detail: `${ours.toFixed(0)} ÷ ${theirs.toFixed(0)} per s`,
    },
  ];
}

async function untilHealthy(server: Server): Promise<void> {
  for (let i = 0; i < 6000; i++) {
    try {
      if ((await fetch(`http://127.0.0.1:${server.port}/health`)).ok) {
        return;
      }
    } catch {
      // Not listening yet.
    }
    await sleep(20);
  }
  throw new Error(`${server.name} did not become ready`);
}

/** A model with one version and the alias that is looked up, by the API that both speak. */
async function seedAlias(port: number): Promise<void> {
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`http://127.0.0.1:${port}${API}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = (await response.json()) as Record<string, unknown>;
    if (!response.ok) {
      throw new Error(`${path}: ${JSON.stringify(json)}`);
    }
    return json;
  };
  const { run } = (await post('/runs/create', { experiment_id: '0', start_time: 1 })) as {
    run: { info: { run_id: string; artifact_uri: string } };
  };
  await post('/registered-models/create', { name: 'house-price' });
  await post('/model-versions/create', {
    name: 'house-price',
    source: `${run.info.artifact_uri}/model`,
    run_id: run.info.run_id,
  });
  await post('/registered-models/alias', { name: 'house-price', alias: 'champion', version: '1' });
}

function lookUps(port: number, seconds: number): number {
  const url = `http://127.0.0.1:${port}${API}/registered-models/alias?name=house-price&alias=champion`;
  const out = execFileSync('taskset', ['-c', String(LOAD_CORE), 'wrk', '-t1', '-c8', `-d${seconds}s`, url], {
    encoding: 'utf8',
  });
  if (/Non-2xx/.test(out)) {
    throw new Error(out);
  }
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? 0);
}

const NAME = 'house-price';
const PORT = 5133;
const POLL_S = 5;
/** Rows of a request: with one, half of saturation is more than the generator sends evenly from one core. */
const ROWS = 100;

/** Moves an alias `count` times to a version that is not open yet, of about 10 MB, at half of saturation. */
export async function swaps(count: number): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-bench-'));
  const models = setting('LOADLINE_BENCH_MODELS');
  const store = join(folder, 'store');
  const answers = new Map<string, readonly number[]>();
  let rows: readonly (readonly number[])[] = [];
  for (let version = 1; version <= count + 1; version++) {
    const file = `${models}/version-${2 - (version % 2)}`;
    execFileSync(process.execPath, [packageCommand(), 'models', 'add', `${file}.pkl`, '--name', NAME], {
      env: { ...process.env, LOADLINE_STORE: store },
    });
    const expected = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as {
      rows: number[][];
      prediction: number[];
    };
    rows = expected.rows.slice(0, ROWS);
    answers.set(`${NAME}/${version}`, expected.prediction.slice(0, ROWS));
  }
  // From this process: a command's own start would take the load generator's core for a while.
  const opened = openStore(store, { create: false });
  const promote = (version: string): void => {
    opened.catalog.setAlias(NAME, 'champion', version, { by: 'bench', why: '' });
  };
  promote('1');
  const body = JSON.stringify({ features: rows });
  const script = join(folder, 'post.lua');
  writeFileSync(
    script,
    `wrk.method="POST"; wrk.headers["Content-Type"]="application/json"; wrk.body='${body}'\n`,
  );
  const server = startServer('loadline', PORT, [
    process.execPath,
    packageCommand(),
    ...['serve', `${NAME}@champion`, '--store', store, '--watch', `${POLL_S}s`],
    ...['--port', String(PORT), '--workers', '1', '--drain', '0s'],
  ]);
  try {
    await firstAnswer(server, body);
    wrk(PORT, script, 2);
    // Over one connection, which keeps the core busy without ever queueing; as in overload.ts.
    const rate = wrk(PORT, script, 4, 1).rps / 2;
    const seconds = Math.ceil(count * PERIOD_S) + 1;
    const load = { folder, port: PORT, body, rate, seconds };
    const still = await attack(load);
    const moving = attack(load);
    const delays = await moveAlias(count, promote, body);
    const moved = await moving;
    const hits = [...still, ...moved];
    const lost = hits.filter((hit) => hit.code !== 200).length;
    const wrong = hits.filter((hit) => hit.code === 200 && !isRight(hit, answers)).length;
    const [p99, p99Still] = [percentile(moved, 0.99), percentile(still, 0.99)];
    return [
      {
        what: `p99 while ${count} versions are swapped ÷ p99 without, half of saturation`,
        value: p99 / p99Still,
        target: 3,
        atLeast: false,
        detail: `${p99.toFixed(2)} ÷ ${p99Still.toFixed(2)} ms; ${rate.toFixed(0)} req/s, ${ROWS} rows each, models of 10 MB`,
      },
      {
        what: `requests lost over ${count} swaps`,
        value: lost,
        target: 0,
        atLeast: false,
        detail: `of ${moved.length}`,
      },
      {
        what: 'answers labelled with another version than the one that gave them',
        value: wrong,
        target: 0,
        atLeast: false,
        detail: `of ${moved.length}`,
      },
      {
        what: `alias moved to first answer by the new version, − poll interval of ${POLL_S} s, s`,
        value: Math.max(...delays) - POLL_S,
        target: 0.5,
        atLeast: false,
        detail: `worst of ${count}; median ${median(delays).toFixed(2)} s with the poll`,
      },
    ];
  } finally {
    await stopServer(server);
    opened.close();
  }
}

/** Longer than the poll interval and what follows it, so that every move is seen. */
const PERIOD_S = 6;

/** Seconds from the end of each move to the first answer by the version moved to. */
async function moveAlias(count: number, promote: (version: string) => void, body: string): Promise<number[]> {
  const delays: number[] = [];
  for (let i = 0; i < count; i++) {
    const version = String(i + 2);
    const begun = performance.now();
    promote(version);
    const from = performance.now();
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${PORT}/predict`, { method: 'POST', body });
      await response.text();
      if (response.headers.get('x-loadline-model') === `${NAME}/${version}`) {
        break;
      }
      if (performance.now() - from > 10_000) {
        throw new Error(`version ${version} does not answer 10 s after its promotion`);
      }
      await sleep(10);
    }
    delays.push((performance.now() - from) / 1000);
    await sleep(Math.max(0, PERIOD_S * 1000 - (performance.now() - begun)));
  }
  return delays;
}

function isRight({ body, version }: Hit, answers: ReadonlyMap<string, readonly number[]>): boolean {
  const { prediction } = JSON.parse(body) as { prediction: readonly number[] };
  const wanted = answers.get(version);
  return prediction.length === ROWS && prediction.every((value, i) => value === wanted?.[i]);
}

/** `node bench/versions.ts [--swaps 50]`: writes docs/benchmarks-versions.md. */
if (import.meta.main) {
  const { values } = parseArgs({ options: { swaps: { type: 'string', default: '50' } } });
  const findings = [...(await storeServer(3, 3)), ...(await swaps(Number(values.swaps)))];
  const table = renderFindings(findings);
  console.log(table);
  const page = readFileSync(new URL('versions-page.md', import.meta.url), 'utf8')
    .replace('{{table}}', table)
    .replace('{{date}}', new Date().toISOString().slice(0, 10))
    .replace('{{cpu}}', `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`)
    .replace('{{node}}', process.version)
    .replace('{{swaps}}', values.swaps);
  writeFileSync(new URL('../docs/benchmarks-versions.md', import.meta.url), page);
  for (const finding of findings.filter((each) => !meets(each))) {
    console.error(`✗ ${finding.what}: ${finding.value.toPrecision(3)}, to reach ${finding.target}`);
    process.exitCode = 7;
  }
}
