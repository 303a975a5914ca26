/** Draws the progress of transferring, building, testing and pushing: one live line for a person, plain lines otherwise. */

import { bytesText } from '../../bytes/size-text.ts';
import type { ProgressEvent as ImageEvent } from '../../image/progress.ts';
import type { Work } from '../../versions/types.ts';
import { obeyless, say, type Terminal } from './terminal.ts';

interface ProgressEvent extends Omit<ImageEvent, 'phase'> {
  readonly phase: ImageEvent['phase'] | 'transfer';
}

export interface ProgressDisplay {
  readonly onProgress: (event: ProgressEvent) => void;
  /** Takes the live line away. */
  end(): void;
}

const LABELS: Readonly<Record<ProgressEvent['phase'], string>> = {
  bundle: 'bundling the server',
  base: 'pulling the base',
  layer: 'writing layers',
  engine: 'docker build',
  test: 'testing',
  push: 'pushing',
  write: 'writing',
  transfer: 'transferring',
};

/** Redraws per second of the live line, at most. */
const REDRAW_MS = 80;
/** Off a terminal a line says at least this often that work goes on. */
const HEARTBEAT_MS = 10_000;
const BAR = 24;

/** A display on stderr; `quiet` shows nothing (for `--json`, where only a person's terminal would be talked to). */
export function progressDisplay(terminal: Terminal, quiet: boolean): ProgressDisplay {
  if (quiet) {
    return { onProgress: () => {}, end: () => {} };
  }
  return terminal.live ? liveDisplay(terminal) : plainDisplay(terminal);
}

/** What work on model versions reports, as a phase of the display; silent for what ends within a second. */
export function versionWork(display: ProgressDisplay, signal: AbortSignal): Work {
  let start: number | null = null;
  return {
    signal,
    onProgress(what, done, total) {
      start ??= performance.now();
      if (performance.now() - start < 1000) {
        return;
      }
      const size = total === null ? {} : { totalBytes: total };
      const state = done === total ? 'done' : 'progress';
      display.onProgress({ phase: 'transfer', item: what, state, doneBytes: done, ...size });
    },
  };
}

type Items = Map<string, ProgressEvent>;

function liveDisplay(terminal: Terminal): ProgressDisplay {
  const phases = new Map<ProgressEvent['phase'], Items>();
  let last = 0;
  let drawn = false;
  return {
    onProgress(event) {
      const items = phases.get(event.phase) ?? new Map<string, ProgressEvent>();
      phases.set(event.phase, items.set(event.item, { ...items.get(event.item), ...event }));
      const now = performance.now();
      if (now - last < REDRAW_MS && event.state === 'progress') {
        return;
      }
      last = now;
      drawn = true;
      const line = obeyless(phaseLine(terminal, event, items)).slice(0, terminal.width - 1);
      terminal.stderr.write(`\r\u001b[K${line}`);
    },
    end() {
      if (drawn) {
        terminal.stderr.write('\r\u001b[K');
        drawn = false;
      }
    },
  };
}

/** `  pulling the base  ━━━━━━╌╌╌╌  12.0 MiB / 50.1 MiB  3f2a91c0b7de`. */
function phaseLine(terminal: Terminal, event: ProgressEvent, items: Items): string {
  const all = [...items.values()].filter(({ state }) => state !== 'skipped');
  const total = sum(all.map(({ totalBytes }) => totalBytes ?? 0));
  const done = sum(all.map((one) => (one.state === 'done' ? one.totalBytes : one.doneBytes) ?? 0));
  const [full, rest] = terminal.symbol.ok === '✓' ? ['━', '╌'] : ['#', '-'];
  const filled = total === 0 ? 0 : Math.min(BAR, Math.floor((done / total) * BAR));
  const bar =
    total === 0
      ? ''
      : `  ${full.repeat(filled)}${rest.repeat(BAR - filled)}  ${bytesText(done)} / ${bytesText(total)}`;
  return `  ${LABELS[event.phase]}${bar}  ${event.item}${event.note === undefined ? '' : `  ${event.note}`}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function plainDisplay(terminal: Terminal): ProgressDisplay {
  const phases = new Map<ProgressEvent['phase'], Items>();
  let last = performance.now();
  const line = (text: string): void => {
    last = performance.now();
    say(terminal, `  ${text}`);
  };
  return {
    onProgress(event) {
      const items = phases.get(event.phase) ?? new Map<string, ProgressEvent>();
      const isNew = !phases.has(event.phase);
      phases.set(event.phase, items.set(event.item, { ...items.get(event.item), ...event }));
      if (isNew) {
        line(`${LABELS[event.phase]} …`);
      }
      const size = event.totalBytes === undefined ? '' : `  ${bytesText(event.totalBytes)}`;
      if (event.state === 'done' || event.state === 'skipped') {
        line(
          `${LABELS[event.phase]}: ${event.item}${size}${event.note === undefined ? '' : `  ${event.note}`}`,
        );
      } else if (event.note !== undefined || performance.now() - last > HEARTBEAT_MS) {
        const done = event.doneBytes === undefined ? '' : `  ${bytesText(event.doneBytes)} of${size}`;
        line(
          `${LABELS[event.phase]}: ${event.item}${done}${event.note === undefined ? '' : `  ${event.note}`} …`,
        );
      }
    },
    end() {},
  };
}
