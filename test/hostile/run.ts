/**
 * Sends hostile files all the way through Loadline and counts what happens: every case must end in a clean refusal, a
 * verdict or an answer, within a second and a bounded memory, and nothing in any file may run.
 *
 *     node test/hostile/run.ts --cases 100000 --report docs/proofs/hostile.md [--seed 1]
 */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Kind } from './cases.ts';
import { caseSource, KINDS } from './cases.ts';
import type { Fault, ShardOrder, ShardReport, Tally } from './shard.ts';
import { newTally } from './shard.ts';

export interface HostileReport {
  readonly cases: number;
  readonly seed: number;
  readonly tallies: Readonly<Record<Kind, Tally>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly faults: readonly Fault[];
  readonly peakMiB: number;
  /** Whether a payload ran. */
  readonly markerExists: boolean;
}

/** Heap of a child: an honest model of the corpus takes less than half. */
const HEAP_MIB = 256;
/** All memory of a child: the heap, the runtime, the corpus, and the largest output a small compressed file may have. */
export const MAX_RESIDENT_MIB = 700;
/** Wall time after which a case counts as hung. */
const HANG_MS = 20_000;

/** Runs `cases` cases (at least the fixed ones), one child process per core. */
export async function runHostile(cases: number, seed: number): Promise<HostileReport> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-hostile-'));
  try {
    const marker = join(folder, 'executed');
    const end = Math.max(cases, caseSource(seed).fixed);
    const shards = Math.max(1, Math.min(availableParallelism(), Math.ceil(end / 500)));
    const reports = await Promise.all(
      Array.from({ length: shards }, (_, i) =>
        runShard({ seed, first: i, step: shards, end, marker, progress: join(folder, `shard-${i}`) }),
      ),
    );
    return { ...merged(reports.flat()), cases: end, seed, markerExists: existsSync(marker) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One part of the cases; where a case kills the child, another child goes on behind it. */
async function runShard(order: ShardOrder): Promise<ShardReport[]> {
  const outcome = await runChild(order);
  if (typeof outcome !== 'string') {
    return [outcome];
  }
  const index = Number(readFileSync(order.progress, 'utf8'));
  const { kind } = caseSource(order.seed).make(index, order.marker);
  // What the child had counted is lost with it; the cases before the fault are examined again.
  const before = index > order.first ? await runShard({ ...order, end: index }) : [];
  const after = await runShard({ ...order, first: index + order.step });
  const fault: ShardReport = { tallies: {}, codes: {}, faults: [{ index, kind, what: outcome }], peakMiB: 0 };
  return [...before, fault, ...after];
}

function runChild(order: ShardOrder): Promise<ShardReport | string> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL('./shard.ts', import.meta.url)), {
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    });
    let last = '';
    let reason = 'killed the process';
    const watch = setInterval(() => {
      const now = existsSync(order.progress) ? readFileSync(order.progress, 'utf8') : '';
      if (now === last && now !== '') {
        reason = `hung for ${HANG_MS / 1000} seconds`;
        child.kill('SIGKILL');
      }
      last = now;
    }, HANG_MS);
    let report: ShardReport | null = null;
    child.on('message', (message) => {
      report = message as ShardReport;
    });
    child.on('exit', () => {
      clearInterval(watch);
      resolve(report ?? reason);
    });
    child.send(order);
  });
}

function merged(
  reports: readonly ShardReport[],
): Pick<HostileReport, 'tallies' | 'codes' | 'faults' | 'peakMiB'> {
  const tallies = Object.fromEntries(KINDS.map((kind) => [kind, newTally()])) as Record<Kind, Tally>;
  const codes: Record<string, number> = {};
  for (const report of reports) {
    for (const kind of KINDS) {
      const part = report.tallies[kind] ?? newTally();
      const all = tallies[kind];
      all.cases += part.cases;
      all.dangerous += part.dangerous;
      for (const stage of ['read', 'build', 'answer', 'answered'] as const) {
        all.stages[stage] += part.stages[stage];
      }
      if (part.slowestMs > all.slowestMs) {
        all.slowestMs = part.slowestMs;
        all.slowestIndex = part.slowestIndex;
      }
    }
    for (const [code, count] of Object.entries(report.codes)) {
      codes[code] = (codes[code] ?? 0) + count;
    }
  }
  return {
    tallies,
    codes,
    faults: reports.flatMap((report) => report.faults),
    peakMiB: Math.max(...reports.map((report) => report.peakMiB)),
  };
}

/** The report as a page. */
export function renderReport(report: HostileReport): string {
  const { cases, seed, tallies, codes, faults, peakMiB, markerExists } = report;
  const rows = KINDS.map((kind) => {
    const { cases: n, stages, dangerous, slowestMs } = tallies[kind];
    return `| ${kind} | ${n} | ${stages.read} | ${stages.build} | ${stages.answer} | ${stages.answered} | ${dangerous} | ${Math.round(slowestMs)} |`;
  });
  return [
    '# Hostile files',
    '',
    `${cases} files, each taken all the way: unpacked, read, audited, built, and asked for every kind of answer where it`,
    'still was a model. Written by `node test/hostile/run.ts`; the same seed makes the same files.',
    '',
    '| file | cases | refused when read | when built | when asked | answered | called dangerous | slowest, ms of processor time |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `Seed ${seed}. Heap limit ${HEAP_MIB} MiB; most memory held by a process ${Math.round(peakMiB)} MiB (bound ${MAX_RESIDENT_MIB}).`,
    '',
    `Refusals by code: ${Object.entries(codes)
      .sort()
      .map(([code, count]) => `${code} ${count}`)
      .join(' · ')}.`,
    '',
    `Executed: ${markerExists ? '**yes, a payload left its marker**' : 'nothing; the file that every payload would create does not exist. The same payloads do create it when Python loads them (`test/hostile/hostile.test.ts`).'}`,
    '',
    `Neither refusal, verdict nor answer: ${faults.length === 0 ? 'none.' : faults.length}`,
    ...faults
      .slice(0, 50)
      .map(
        ({ index, kind, what }) => `- case ${index} (${kind}): ${what.split('\n').slice(0, 4).join(' / ')}`,
      ),
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '3000' },
      seed: { type: 'string', default: '1' },
      report: { type: 'string' },
    },
  });
  const report = await runHostile(Number(values.cases), Number(values.seed));
  const page = renderReport(report);
  if (values.report === undefined) {
    process.stdout.write(page);
  } else {
    writeFileSync(values.report, page);
  }
  process.exitCode =
    report.faults.length > 0 || report.markerExists || report.peakMiB > MAX_RESIDENT_MIB ? 1 : 0;
}

if (import.meta.main) {
  await main();
}
