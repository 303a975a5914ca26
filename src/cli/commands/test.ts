import { bytesText } from '../../bytes/size-text.ts';
import { EXIT, LoadlineError } from '../../errors.ts';
import type { Report, TestOptions } from '../../image/check/run.ts';
import type { Target } from '../../image/check/target.ts';
import type { LocalImage } from '../../image/local.ts';
import type { Reference } from '../../image/reference.ts';
import type { Signature } from '../../model/model.ts';
import { defineCommand, type Options, text } from '../define.ts';
import { ENGINE_OPTION } from '../image-options.ts';
import type { Images } from '../images.ts';
import { LIMITS_OPTION, readLimits } from '../limits.ts';
import { sayProblem } from '../output/problem.ts';
import { columns } from '../output/table.ts';
import { print, say, type Terminal } from '../output/terminal.ts';
import { duration, size } from '../units.ts';
import { version } from '../version.ts';

export const test = defineCommand({
  name: 'test',
  args: [{ spec: '<image>', help: 'an image, an OCI layout or archive, or the http:// address of a server' }],
  group: 'Ship',
  summary: 'run an image under limits and try it for real',
  examples: [
    'loadline test ml-model:v1',
    'loadline test ml-model:v1 --memory 256Mi --input rows.csv',
    'loadline test http://127.0.0.1:5000 --model model.pkl',
  ],
  options: [
    { flags: '--memory <size>', help: 'memory limit of the container (default: by the size of the model)' },
    { flags: '--cpus <number>', help: 'CPU limit of the container (default: 1)' },
    { flags: '--model <file>', help: 'compare answers with this model instead of the one in the image' },
    { flags: '--input <file>', help: 'rows to ask with, as for predict (default: made from the signature)' },
    { flags: '--max-size <size>', help: 'fail when the image is larger, compressed where that is known' },
    {
      flags: '--timeout <duration>',
      help: 'how long it may take until it is ready (default: 60s, a URL 5s)',
    },
    ENGINE_OPTION,
    LIMITS_OPTION,
    { flags: '--json', help: 'one JSON object on stdout' },
  ],
  async run([name = ''], options, terminal) {
    const { withImages } = await import('../images.ts');
    return withImages(options, terminal, async (images) => {
      const settings = await readOptions(options, terminal, images);
      const { findTarget } = await import('../../image/check/find.ts');
      const target = await findTarget(name, images);
      const report = await runTest(target, settings, options, terminal, images);
      if (options.json === true) {
        printJson(report, terminal);
      } else {
        printReport(report, terminal);
      }
      return conclude(report, options, terminal);
    });
  },
});

/**
 * Tests an image that was just made, before it is pushed; gives the exit code. With `--json` only a failure is printed:
 * of a pass the push that follows has the last word.
 */
export async function testLocal(
  reference: Reference,
  image: LocalImage,
  options: Options,
  terminal: Terminal,
  images: Images,
): Promise<number> {
  const { localTarget } = await import('../../image/check/find.ts');
  const { familiarName } = await import('../../image/reference.ts');
  const settings = await readOptions({ ...options, input: undefined }, terminal, images);
  const target = await localTarget(familiarName(reference), image, images);
  const report = await runTest(target, settings, options, terminal, images);
  if (options.json !== true) {
    printReport(report, terminal);
  } else if (!report.passed) {
    printJson(report, terminal);
  }
  return conclude(report, options, terminal);
}

async function readOptions(options: Options, terminal: Terminal, images: Images): Promise<TestOptions> {
  const { stateFolder } = await import('../../config/state.ts');
  const memory = text(options, 'memory');
  const timeout = text(options, 'timeout');
  const cpus = text(options, 'cpus');
  const maxSize = text(options, 'maxSize');
  const modelPath = text(options, 'model');
  const input = text(options, 'input');
  const { env } = terminal;
  const modelLimits = readLimits(options);
  const cheap = {
    memoryBytes: memory === undefined ? null : size('memory', memory),
    cpus: cpus === undefined ? null : readCpus(cpus),
    readyMs: timeout === undefined ? null : duration('timeout', timeout),
    maxSizeBytes: maxSize === undefined ? null : size('max-size', maxSize),
    rows: input === undefined ? null : await inputRows(input),
  };
  const { openModel } = await import('../../formats/open.ts');
  return {
    ...cheap,
    model: modelPath === undefined ? null : await openModel(modelPath, modelLimits),
    modelLimits,
    // A server with keys takes no one else's requests; a key on a command line would be everybody's to see.
    authorization: env.LOADLINE_API_KEY ? `Bearer ${env.LOADLINE_API_KEY}` : null,
    software: version(),
    stateFolder: stateFolder(env),
    onProgress: images.onProgress,
    signal: images.signal,
  };
}

/** Part of a processor, or several. Throws LL1001. */
function readCpus(value: string): number {
  const cpus = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || cpus < 0.01) {
    throw new LoadlineError('LL1001', `--cpus wants a number such as 1 or 0.5, found "${value}"`);
  }
  return cpus;
}

/** The first rows of a file; their meaning depends on the model. Throws LL1006 and LL2018. */
async function inputRows(path: string): Promise<(signature: Signature) => Promise<readonly unknown[]>> {
  const { formatOf, readBatches } = await import('../input/batches.ts');
  const { MOST_ROWS } = await import('../../image/check/samples.ts');
  const format = path === '-' ? 'json' : formatOf(path);
  return async (signature) => {
    for await (const { rows } of readBatches(path, format, signature)) {
      return rows.slice(0, MOST_ROWS);
    }
    return [];
  };
}

async function runTest(
  target: Target,
  settings: TestOptions,
  options: Options,
  terminal: Terminal,
  images: Images,
): Promise<Report> {
  const { testImage } = await import('../../image/check/run.ts');
  if (target.kind === 'process' && options.json !== true) {
    // It is code of the image, on this machine.
    const { symbol, color } = terminal;
    say(
      terminal,
      `  ${color.yellow(symbol.warn)} no container engine: the image's server runs on this machine`,
    );
  }
  const report = await testImage(target, settings);
  images.endProgress();
  return report;
}

/** Says how it ended; gives the exit code. */
function conclude(report: Report, options: Options, terminal: Terminal): number {
  if (report.passed) {
    return EXIT.ok;
  }
  const failed = report.checks.filter(({ ok }) => ok === false).map(({ name }) => name);
  const problem = new LoadlineError('LL6012', `${report.image} did not pass: ${failed.join(', ')}`, {
    where: report.image,
  });
  sayProblem(terminal, problem, options.json === true, options.debug === true);
  return problem.exit;
}

function printJson(report: Report, terminal: Terminal): void {
  print(terminal, JSON.stringify({ apiVersion: 'loadline/v1', kind: 'Test', ...report }, null, 2));
}

const WAYS: Readonly<Record<Report['target'], string>> = {
  docker: 'in a container',
  process: 'on this machine, without a container',
  url: 'where it runs',
};

function printReport(report: Report, terminal: Terminal): void {
  const { color, symbol } = terminal;
  const { image, platform, limits, checks, unchecked, digests, log, passed } = report;
  const dot = ` ${symbol.dot} `;
  const facts = [
    WAYS[report.target],
    platform,
    limits === null ? null : `${bytesText(limits.memoryBytes)}, ${limits.cpus} CPU`,
  ].filter((fact) => fact !== null);
  print(terminal, `${color.bold(image)}   ${facts.join(dot)}`);
  const rows = columns(
    checks.map(({ ok, name, title, detail }) => [
      ok === null ? '-' : ok ? symbol.ok : symbol.bad,
      name,
      ok === null ? 'not checked' : title,
      detail,
    ]),
  );
  checks.forEach(({ ok }, i) => {
    const line = rows[i] ?? '';
    const paint = ok === null ? color.dim : ok ? color.green : color.red;
    const mark = /^\S+/.exec(line)?.[0] ?? '';
    print(terminal, `  ${paint(mark)}${line.slice(mark.length)}`);
  });
  const notes = unchecked.filter((note) => !checks.some(({ name }) => note.startsWith(`${name}: `)));
  for (const note of notes) {
    print(terminal, `  ${color.dim('-')} ${note}`);
  }
  if (log !== null) {
    print(terminal, '');
    print(terminal, '  last lines of its log');
    for (const line of log.split('\n')) {
      print(terminal, `    ${line}`);
    }
  }
  if (passed) {
    const left = unchecked.length === 0 ? '' : `, ${unchecked.length} not checked`;
    const count = checks.filter(({ ok }) => ok === true).length;
    const recorded = digests.length === 0 ? '' : `${dot}recorded for ${digests[0]?.slice(0, 19)}`;
    print(terminal, '');
    print(terminal, `  ${color.green(symbol.ok)} ${count} checks passed${left}${recorded}`);
  }
}
