import { nearest } from '../../../bytes/nearest.ts';
import { EXIT, LoadlineError } from '../../../errors.ts';
import { defineCommand, text } from '../../define.ts';
import { JSON_OPTION } from '../../model-options.ts';
import { columns } from '../../output/table.ts';
import { print, type Terminal } from '../../output/terminal.ts';
import type { Compared, ModelComparison, Traffic } from './comparison.ts';

export const compare = defineCommand({
  name: 'compare',
  args: [{ spec: '[name]', help: 'a model of the server; all of them when left out' }],
  group: 'Versions',
  summary: 'how the canary and the shadow of a running server do',
  examples: [
    'loadline models compare',
    'loadline models compare house-price --url http://127.0.0.1:5000 --json',
  ],
  options: [
    { flags: '--url <address>', help: 'of the server', default: 'http://127.0.0.1:5000' },
    JSON_OPTION,
  ],
  async run([name], options, terminal) {
    const url = (text(options, 'url') ?? '').replace(/\/+$/, '');
    const metrics = await readMetrics(url, terminal.env);
    const { readComparisons } = await import('./comparison.ts');
    const all = readComparisons(metrics);
    const names = all.map(({ model }) => model);
    if (name !== undefined && !names.includes(name)) {
      const meant = nearest(name, names);
      throw new LoadlineError(
        'LL7001',
        `${url} has counted nothing of a model "${name}"${meant === null ? '' : `, perhaps ${meant}`}: it has ${names.join(', ') || 'none'}`,
        { where: url },
      );
    }
    const models = all.filter(({ model }) => name === undefined || model === name);
    const { answerJson } = await import('../../models.ts');
    if (options.json === true) {
      print(terminal, answerJson('ModelComparison', { url, models }));
      return EXIT.ok;
    }
    if (models.length === 0) {
      print(terminal, `${url} has not answered a prediction yet.`);
    }
    for (const model of models) {
      await printComparison(model, url, terminal);
    }
    return EXIT.ok;
  },
});

/** Values by series. Throws LL7017. */
async function readMetrics(url: string, env: Terminal['env']): Promise<ReadonlyMap<string, number>> {
  const { parseMetrics } = await import('../../../monitor/metrics/parse.ts');
  const address = `${url}/metrics`;
  // A server with keys asks for one here too; on a command line it would be everybody's to see.
  const headers: Record<string, string> = env.LOADLINE_API_KEY
    ? { authorization: `Bearer ${env.LOADLINE_API_KEY}` }
    : {};
  const cannot = (why: string, cause?: unknown): LoadlineError =>
    new LoadlineError('LL7017', `Cannot read ${address}: ${why}`, { where: url, cause });
  let body: string;
  try {
    const response = await fetch(address, { headers, signal: AbortSignal.timeout(10_000) });
    body = await response.text();
    if (response.status === 401 || response.status === 403) {
      throw cannot('it wants an API key: set LOADLINE_API_KEY');
    }
    if (!response.ok) {
      throw cannot(`it answered ${response.status}`);
    }
  } catch (error) {
    if (error instanceof LoadlineError) {
      throw error;
    }
    const { cause, message } = error as Error;
    throw cannot(
      cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : message,
      error,
    );
  }
  try {
    return parseMetrics(body);
  } catch (error) {
    throw cannot(error instanceof Error ? error.message : String(error), error);
  }
}

async function printComparison(
  { model, traffic, compared, verdicts }: ModelComparison,
  url: string,
  terminal: Terminal,
): Promise<void> {
  const { color } = terminal;
  const words = await import('./comparison.ts');
  const time = (value: number | null): string => (value === null ? '-' : words.seconds(value));
  print(terminal, `${color.bold(model)}   ${url}`);
  print(terminal, '');
  // A shadow answers nobody, and a version that is only kept warm nobody has to see.
  const seen = traffic.filter(
    ({ role, requests }) => requests > 0 || role === 'champion' || role === 'canary',
  );
  const rows = seen.map(({ version, role, requests, rows: nRows, errors, p50, p99 }: Traffic) => [
    version,
    role,
    requests.toLocaleString('en'),
    nRows.toLocaleString('en'),
    `${errors.toLocaleString('en')} (${words.percent(requests === 0 ? 0 : errors / requests)})`,
    time(p50),
    time(p99),
  ]);
  for (const line of columns([['VERSION', 'ROLE', 'REQUESTS', 'ROWS', 'ERRORS', 'P50', 'P99'], ...rows])) {
    print(terminal, line);
  }
  for (const shadow of compared) {
    print(terminal, '');
    print(terminal, `shadow ${shadow.version} against ${shadow.against}`);
    for (const line of columns(shadowRows(shadow, words))) {
      print(terminal, line);
    }
  }
  print(terminal, '');
  if (verdicts.length === 0) {
    print(terminal, 'No canary and no shadow: start the server with --canary NAME/4=10% or --shadow NAME/4.');
  }
  for (const verdict of verdicts) {
    print(terminal, verdict);
  }
}

function shadowRows(
  { rows, agreeing, failed, dropped, difference, latency }: Compared,
  { percent, seconds }: typeof import('./comparison.ts'),
): string[][] {
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${seconds(value)}`;
  return [
    ['  agreement', rows === 0 ? '-' : `${percent(agreeing / rows)} of ${rows.toLocaleString('en')} rows`],
    [
      '  difference',
      difference === null
        ? 'labels: none to measure'
        : `half up to ${percent(difference.p50)}, 95 % up to ${percent(difference.p95)}, 99 % up to ${percent(difference.p99)} of the number`,
    ],
    [
      '  latency',
      latency === null ? '-' : `${signed(latency.p50)} at the median, ${signed(latency.p99)} at p99`,
    ],
    [
      '  left out',
      `${dropped.toLocaleString('en')} rows for lack of time, ${failed.toLocaleString('en')} that it could not answer`,
    ],
  ];
}
