/**
 * A child process that examines a part of the cases. It writes the number of the case at hand to a file before it starts,
 * so that its parent knows which one hung or killed it, and tells the results by IPC.
 */
import { openSync, writeSync } from 'node:fs';
import type { Kind } from './cases.ts';
import { caseSource } from './cases.ts';
import type { Stage } from './examine.ts';
import { examine } from './examine.ts';

export interface ShardOrder {
  readonly seed: number;
  /** First case, step between cases, and where to end. */
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly marker: string;
  readonly progress: string;
}

/** One case that was not a clean refusal, verdict or answer. */
export interface Fault {
  readonly index: number;
  readonly kind: Kind;
  readonly what: string;
}

export interface Tally {
  cases: number;
  /** Cases by the stage that refused them, or `answered`. */
  readonly stages: Record<Stage, number>;
  dangerous: number;
  /** Most processor time of one case. */
  slowestMs: number;
  slowestIndex: number;
}

export interface ShardReport {
  readonly tallies: Partial<Record<Kind, Tally>>;
  readonly codes: Record<string, number>;
  readonly faults: readonly Fault[];
  /** Most memory the process held. */
  readonly peakMiB: number;
}

/** A second of processor time: wall time would count what else the machine does. */
const MAX_CASE_MS = 1000;
/** More say nothing new, and each carries a stack. */
const MAX_FAULTS = 50;

export function newTally(): Tally {
  return {
    cases: 0,
    stages: { read: 0, build: 0, answer: 0, answered: 0 },
    dangerous: 0,
    slowestMs: 0,
    slowestIndex: -1,
  };
}

function run(order: ShardOrder): ShardReport {
  const source = caseSource(order.seed);
  const progress = openSync(order.progress, 'w');
  const tallies: Partial<Record<Kind, Tally>> = {};
  const codes: Record<string, number> = {};
  const faults: Fault[] = [];
  for (let index = order.first; index < order.end; index += order.step) {
    writeSync(progress, String(index).padEnd(12), 0);
    const { kind, file, rows } = source.make(index, order.marker);
    const before = process.cpuUsage();
    const outcome = examine(file, rows);
    const used = process.cpuUsage(before);
    const ms = (used.user + used.system) / 1000;
    const tally = tallies[kind] ?? newTally();
    tallies[kind] = tally;
    tally.cases++;
    tally.stages[outcome.stage]++;
    tally.dangerous += outcome.dangerous ? 1 : 0;
    if (ms > tally.slowestMs) {
      tally.slowestMs = ms;
      tally.slowestIndex = index;
    }
    if (outcome.code !== null) {
      codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
    }
    const what = outcome.fault ?? (ms > MAX_CASE_MS ? `took ${Math.round(ms)} ms of processor time` : null);
    if (what !== null && faults.length < MAX_FAULTS) {
      faults.push({ index, kind, what });
    }
  }
  return { tallies, codes, faults, peakMiB: process.resourceUsage().maxRSS / 1024 };
}

if (process.send !== undefined) {
  process.once('message', (order: ShardOrder) => {
    const report = run(order);
    process.send?.(report, () => process.exit(0));
  });
}
