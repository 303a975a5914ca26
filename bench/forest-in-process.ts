/** How fast is a forest in process, 10,000 rows at once and one at a time, beside scikit-learn on one core, and is it exact? */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median, SERVER_CORE, setting } from './process.ts';
import type { Finding } from './report.ts';

/** A process that answers each line with one: `batch` and `row` with the milliseconds one call took, `differ` with a count. */
interface Runner {
  ask(line: string): Promise<number>;
  stop(): void;
}

/** Measures in interleaved rounds, both on the same core, and gives the ratios of the medians. */
export async function forestInProcess(rounds: number): Promise<Finding[]> {
  const model = join(setting('LOADLINE_BENCH_MODELS'), 'forest.pkl');
  const folder = mkdtempSync(join(tmpdir(), 'loadline-forest-'));
  const peers = new URL('peers/', import.meta.url).pathname;
  const runners: Runner[] = [];
  try {
    // scikit-learn first: it makes the rows and the answers that the other is held to.
    const python = setting('LOADLINE_BENCH_PYTHON');
    const sklearn = await startRunner([python, `${peers}forest_sklearn.py`, model, folder]);
    runners.push(sklearn);
    const own = await startRunner([process.execPath, `${peers}forest-loadline.ts`, model, folder]);
    runners.push(own);
    const differ = await own.ask('differ');
    const times: Record<'batch' | 'row', { own: number[]; sklearn: number[] }> = {
      batch: { own: [], sklearn: [] },
      row: { own: [], sklearn: [] },
    };
    for (let round = 0; round <= rounds; round++) {
      for (const kind of ['batch', 'row'] as const) {
        const ownMs = await own.ask(kind);
        const sklearnMs = await sklearn.ask(kind);
        // The first round warms both up and is not counted.
        if (round > 0) {
          times[kind].own.push(ownMs);
          times[kind].sklearn.push(sklearnMs);
          console.error(
            `  forest round ${round}/${rounds} ${kind}: ${ownMs.toPrecision(3)} ms, scikit-learn ${sklearnMs.toPrecision(3)} ms`,
          );
        }
      }
    }
    return [
      speed('10,000 rows through the forest, × scikit-learn', 1, times.batch),
      speed('one row through the forest in process, × scikit-learn', null, times.row),
      {
        what: "forest answers that differ from scikit-learn's",
        value: differ,
        target: 0,
        atLeast: false,
        detail: 'of 10,000, compared to the last bit',
      },
    ];
  } finally {
    for (const runner of runners) {
      runner.stop();
    }
    rmSync(folder, { recursive: true });
  }
}

function speed(
  what: string,
  target: number | null,
  times: { readonly own: readonly number[]; readonly sklearn: readonly number[] },
): Finding {
  const own = median(times.own);
  const peer = median(times.sklearn);
  return {
    what,
    value: peer / own,
    target,
    atLeast: true,
    detail: `${own.toPrecision(3)} against ${peer.toPrecision(3)} ms`,
  };
}

/** Starts a runner on the core of the servers and waits until it says that it is ready. */
async function startRunner(command: readonly string[]): Promise<Runner> {
  const child = spawn('taskset', ['-c', String(SERVER_CORE), ...command], {
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function answer(): Promise<string> {
    const { value, done } = await lines.next();
    if (done === true) {
      throw new Error(`${command.join(' ')} ended without an answer`);
    }
    return value;
  }
  await answer();
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      return Number(await answer());
    },
    stop: () => child.stdin.end(),
  };
}

if (import.meta.main) {
  const { renderFindings } = await import('./report.ts');
  console.log(renderFindings(await forestInProcess(7)));
}
