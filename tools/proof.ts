/**
 * Runs the scenarios of `make test` at full counts and writes what came of them to docs/proofs, one page each. Fails when
 * one fails; the others still run.
 *
 *     node tools/proof.ts [--only kill,drain] [--out docs/proofs]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { version } from '../src/cli/version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOSTILE_CASES = 100_000;

export interface Scenario {
  /** Name of its page. */
  readonly name: string;
  readonly title: string;
  /** What it shows, in a sentence or two. */
  readonly shows: string;
  /** A file of tests, run with LOADLINE_PROOF=1; null for the program below. */
  readonly tests: string | null;
}

/** From the quick to the slow, so that a break is seen early. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'drain',
    title: 'SIGTERM under load',
    shows:
      'A server under load is told to end, as one process and as two workers: it says at once that it is not ready, answers on during the drain period, finishes what is in flight and exits 0. Clients that leave a connection whose answer says `Connection: close` and send nothing new once `/readyz` is not 200 lose no request.',
    tests: 'test/serve/drain.test.ts',
  },
  {
    name: 'reload',
    title: 'Reloads under load',
    shows:
      'The model file is replaced by a rename and SIGHUP sent, again and again under load, as one process and as two workers: no request is lost, every answer is one of the two models’ right ones and after each reload only the new one’s. A broken file leaves the old model serving. Load and unload over HTTP ask for a key.',
    tests: 'test/serve/reload.test.ts',
  },
  {
    name: 'kill',
    title: 'kill -9 of workers under load',
    shows:
      'A random worker of two is killed under load. Every request gets the right answer or fails with its connection, and those that fail were on connections of the killed worker, as the kernel lists them just before. The other worker answers meanwhile, the killed one comes back, and counters never go down.',
    tests: 'test/serve/kill.test.ts',
  },
  {
    name: 'overload',
    title: 'Three times the capacity',
    shows:
      'A slow model is offered three times what it can answer: what is let in is answered right, the rest gets 429 with Retry-After, and the shed counter is right.',
    tests: 'test/serve/overload.test.ts',
  },
  {
    name: 'keys',
    title: 'Keys, exposed addresses, taken ports',
    shows: 'All but the probes asks for a key, with a rate for each; an exposed address needs keys.',
    tests: 'test/serve/keys.test.ts',
  },
  {
    name: 'metrics',
    title: 'Metrics of several workers',
    shows: 'Prometheus’ own check passes `/metrics`, and its counts are right over all workers.',
    tests: 'test/serve/metrics.test.ts',
  },
  {
    name: 'page',
    title: 'The page in a real Chromium',
    shows:
      'Form, selects, probabilities, code to paste and errors, with a clean console and no violation of the content policy.',
    tests: 'test/serve/page.test.ts',
  },
  {
    name: 'corpus',
    title: 'The corpus',
    shows:
      'Every model that scikit-learn of each version in the corpus fitted gives the answers that this scikit-learn gave.',
    tests: 'test/corpus/corpus.test.ts',
  },
  {
    name: 'differential',
    title: 'Random models',
    shows:
      'Models of random kind and shape, fitted by the scikit-learn at hand, give the answers that it gives.',
    tests: 'test/differential/differential.test.ts',
  },
  {
    name: 'image-contract',
    title: 'One image, made three ways',
    shows:
      'The written Dockerfile, the docker engine and the builder without an engine give the same files, modes, hashes, configuration and behaviour.',
    tests: 'test/image/contract.test.ts',
  },
  {
    name: 'image-build',
    title: 'Building and pushing',
    shows:
      'Images go to a real registry and are read by skopeo, umoci, docker and podman; the same inputs give the same digest; only what changed travels.',
    tests: 'test/image/build.test.ts',
  },
  {
    name: 'image-failures',
    title: 'Builds that fail',
    shows:
      'Registries that are down, slow, refuse or lie, full disks, interruptions, builds at the same time: a clear error, and neither a tag nor a file is half-written.',
    tests: 'test/image/build-failures.test.ts',
  },
  {
    name: 'image-test',
    title: 'loadline test',
    shows:
      'Good images pass in a real container under limits; images that crash, hang, answer wrong or outgrow their memory do not.',
    tests: 'test/image/test-command.test.ts',
  },
  {
    name: 'versions-watch',
    title: 'An alias moves under load',
    shows:
      'A server follows an alias of the store, as one process and as two workers: no request is lost, every answer is that of the version in its header, a version that fails a check never answers and the reason is told, and a rollback is followed.',
    tests: 'test/serve/watch.test.ts',
  },
  {
    name: 'versions-store',
    title: 'The store is killed, shared, full',
    shows:
      'kill -9 at any moment of adding and promoting, several processes at once, gc beside uploads, full and read-only disks: what was acknowledged is there, nothing is half-visible, the catalog opens.',
    tests: 'test/store/*.test.ts',
  },
  {
    name: 'versions-mlflow-api',
    title: 'The store as an MLflow server',
    shows:
      'Both real clients train, log, register, alias, search, tag, download and load against the store and against the real server, step by step with the same outcome, expected errors included.',
    tests: 'test/mlflow-api/*.test.ts',
  },
  {
    name: 'versions-mlflow',
    title: 'Real MLflow servers',
    shows:
      'Every form of reference to real servers of 2.22 and 3.17 is fetched, opened and predicts as scikit-learn does; servers that are down, slow, refuse or lie, and downloads that break, are told clearly and leave nothing half.',
    tests: 'test/mlflow/*.test.ts',
  },
  {
    name: 'versions-formats',
    title: 'skops files and MLflow folders',
    shows:
      'Models saved by real skops and MLflow in each format give scikit-learn’s answers; forged archives and schemas are refused.',
    tests: 'test/formats/*.test.ts',
  },
  {
    name: 'versions',
    title: 'The tutorial’s step 3, and versions end to end',
    shows:
      'The training code runs as written and ends with a served registered model; promote, watch, rollback, canary, shadow, outages, refused versions, images that follow.',
    tests: 'test/versions/*.test.ts',
  },
  {
    name: 'hostile',
    title: 'Hostile files',
    shows: 'Cut, changed, random and malicious files are refused cleanly, and nothing in them runs.',
    tests: null,
  },
];

/** What the output of node's test runner says. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Lines the tests printed as diagnostics: their counts. */
  readonly notes: readonly string[];
  /** Names of the tests, `✖` before those that failed. */
  readonly tests: readonly string[];
}

/** Reads the output of the `spec` reporter. */
export function summarize(lines: readonly string[]): Summary {
  // The failures are told again in detail at the end.
  const end = lines.findIndex((line) => /^✖ failing tests:/.test(line));
  const told = end < 0 ? lines : lines.slice(0, end);
  const infos = told.map((line) => /^\s*ℹ (.*)$/.exec(line)?.[1]).filter((info) => info !== undefined);
  const counted = (what: string): number =>
    Number(infos.find((info) => new RegExp(`^${what} \\d+$`).test(info))?.split(' ')[1] ?? 0);
  return {
    passed: counted('pass'),
    failed: counted('fail') + counted('cancelled'),
    skipped: counted('skipped') + counted('todo'),
    notes: infos.filter(
      (info) => !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(info),
    ),
    tests: told
      .map((line) => /^\s*([✔✖] .*?) \([\d.]+ms\)/.exec(line)?.[1])
      .filter((test) => test !== undefined),
  };
}

interface Outcome {
  readonly passed: boolean;
  readonly seconds: number;
  /** One line. */
  readonly result: string;
}

/** More tests than this are counted and not named. */
const MOST_NAMED = 30;

async function prove(scenario: Scenario, out: string, run: readonly string[]): Promise<Outcome> {
  const { name, title, shows, tests } = scenario;
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 1000);
  const finish = (passed: boolean, command: string, result: string, body: readonly string[]): Outcome => {
    const page = [
      `# ${title}`,
      '',
      shows,
      '',
      `**${passed ? 'Passed' : 'Failed'}**: ${result}`,
      '',
      ...body,
      `Command: \`${command}\``,
      '',
      ...run,
      `- took ${seconds()} s`,
      '',
      'Written by `make proof`.',
      '',
    ];
    writeFileSync(join(out, `${name}.md`), page.join('\n'));
    return { passed, seconds: seconds(), result };
  };

  if (tests === null) {
    const folder = mkdtempSync(join(tmpdir(), 'loadline-proof-'));
    try {
      const args = ['test/hostile/run.ts', '--cases', String(HOSTILE_CASES)];
      const report = join(folder, 'report.md');
      const { code, lines } = await runChild([...args, '--report', report]);
      const text = code === null || code > 1 ? lines.join('\n') : readFileSync(report, 'utf8');
      // Its own title gives way to the page's.
      const body = text.replace(/^# .*\n+/, '').trimEnd();
      return finish(code === 0, `node ${args.join(' ')}`, `${HOSTILE_CASES} files`, [body, '']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const { code, lines } = await runChild(['--test', '--test-reporter=spec', tests]);
  const summary = summarize(lines);
  // A file that runs nothing proves nothing.
  const passed = code === 0 && summary.failed === 0 && summary.skipped === 0 && summary.passed > 0;
  const skipped = summary.skipped > 0 ? `, ${summary.skipped} skipped` : '';
  const result = `${summary.passed} tests passed, ${summary.failed} failed${skipped}`;
  const named = summary.tests.filter((test) => test.startsWith('✖') || summary.tests.length <= MOST_NAMED);
  return finish(passed, `LOADLINE_PROOF=1 node --test ${tests}`, result, [
    ...(summary.notes.length > 0 ? [...summary.notes.map((note) => `- ${note}`), ''] : []),
    ...(named.length > 0 ? ['```', ...named, '```', ''] : []),
  ]);
}

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Runs this Node on a file, passes on what it prints, and keeps it. */
function runChild(args: readonly string[]): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...inherited, LOADLINE_PROOF: '1', LOADLINE_REQUIRE_ALL: '1', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    console.log(`    ${line}`);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lines }));
  });
}

/** On what the proofs ran. */
function circumstances(): string[] {
  const output = (file: string, args: readonly string[]): string | null => {
    try {
      return execFileSync(file, args, {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      return null;
    }
  };
  const commit = output('git', ['rev-parse', '--short=12', 'HEAD']);
  const changed = output('git', ['status', '--porcelain', '--', 'src', 'test', 'corpus', 'tools', 'bin']);
  const python = process.env.LOADLINE_TEST_PYTHON;
  const libraries =
    python === undefined
      ? null
      : output(python, [
          '-c',
          'import platform, sklearn, numpy; print(f"scikit-learn {sklearn.__version__}, numpy {numpy.__version__}, Python {platform.python_version()}")',
        ]);
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return [
    `- ${new Date().toISOString().slice(0, 10)}, Loadline ${version()}${commit === null ? '' : `, commit ${commit}${changed === '' ? '' : ' with changes'}`}`,
    `- Node.js ${process.versions.node}, Linux ${release()}, ${availableParallelism()} × ${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    ...(libraries === null ? [] : [`- ${libraries}`]),
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, out: { type: 'string', default: join(ROOT, 'docs/proofs') } },
  });
  const only = values.only?.split(',') ?? SCENARIOS.map(({ name }) => name);
  const unknown = only.filter((name) => SCENARIOS.every((scenario) => scenario.name !== name));
  if (unknown.length > 0) {
    console.error(
      `--only wants ${SCENARIOS.map(({ name }) => name).join(', ')}; found ${unknown.join(', ')}`,
    );
    return 2;
  }
  const chosen = SCENARIOS.filter(({ name }) => only.includes(name));
  mkdirSync(values.out, { recursive: true });
  const run = circumstances();
  const rows: string[] = [];
  let failed = 0;
  for (const [i, scenario] of chosen.entries()) {
    console.log(`[${i + 1}/${chosen.length}] ${scenario.title} …`);
    const { passed, seconds, result } = await prove(scenario, values.out, run);
    failed += passed ? 0 : 1;
    rows.push(
      `| [${scenario.title}](${scenario.name}.md) | ${passed ? 'passed' : '**failed**'} | ${result} | ${seconds} |`,
    );
    console.log(
      `[${i + 1}/${chosen.length}] ${scenario.title}: ${passed ? 'passed' : 'FAILED'}, ${result}, ${seconds} s`,
    );
  }
  // A part of the proofs leaves the list of all as it is.
  if (chosen.length === SCENARIOS.length) {
    const page = [
      '# Proofs',
      '',
      'The scenarios of `make test` at full counts. Written by `make proof`.',
      '',
      '| scenario | | result | seconds |',
      '|---|---|---|---|',
      ...rows,
      '',
      ...run,
      '',
    ];
    writeFileSync(join(values.out, 'README.md'), page.join('\n'));
  }
  console.log(failed === 0 ? `all ${chosen.length} passed` : `${failed} of ${chosen.length} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) {
  process.exitCode = await main();
}
