/**
 * Shadow versions: after the champion's answer is on its way, the shadow predicts the same rows in the time that is
 * left, and both are compared. It never delays an answer by more than a slice.
 */
import type { Clock } from '../../clock.ts';
import type { Data } from '../../model/data.ts';
import { type Prediction, predict, transform } from '../../model/prediction.ts';
import { type Comparison, countCompared, countNotCompared } from '../../monitor/metrics/series.ts';
import { rowBytes } from '../row-bytes.ts';
import { joinPredictions, sliceRows } from '../slices.ts';
import { arrange } from './arrange.ts';
import { compareTargets } from './difference.ts';
import type { Shadow } from './seats.ts';

export interface Observed {
  readonly shadow: Shadow;
  readonly rows: Data;
  readonly method: 'predict' | 'transform';
  /** What was answered, and how long predicting it took. */
  readonly prediction: Prediction;
  readonly tookMs: number;
}

interface Waiting extends Observed {
  readonly bytes: number;
}

export interface Comparer {
  /** Compares when there is time; counts the rows as dropped where too many wait. */
  offer(observed: Observed): void;
}

/** Rows that may wait. A server with no idle time would else collect them without end. */
const MOST_ROWS = 4096;
/** The same for wide rows and long texts: two of the largest bodies. */
const MOST_BYTES = 2 ** 25;
/** Time of one slice; as `SLICE_MS` of the admission, what a request may have to wait for it. */
const SLICE_MS = 2;
/** While requests wait, and at least so often, a comparison steps aside. */
const BUSY_MS = 5;

/** Makes a comparer. `busy` says whether requests wait; `later` calls back after so many milliseconds, 0 for soon. */
export function createComparer(
  clock: Clock,
  busy: () => boolean,
  later: (callback: () => void, ms: number) => void = postpone,
): Comparer {
  const line: Waiting[] = [];
  let waitingRows = 0;
  let scheduled = false;
  let parts: Prediction[] = [];
  let done = 0;
  let spentMs = 0;
  let waitingBytes = 0;

  const schedule = (ms: number): void => {
    if (!scheduled) {
      scheduled = true;
      later(turn, ms);
    }
  };

  const finish = (observed: Waiting): void => {
    line.shift();
    waitingRows -= observed.rows.nRows;
    waitingBytes -= observed.bytes;
    parts = [];
    done = 0;
    spentMs = 0;
  };

  const advance = ({ shadow, rows, method }: Observed): void => {
    const { model } = shadow.seat.served;
    const to = Math.min(rows.nRows, done + shadow.pace);
    const slice = done === 0 && to === rows.nRows ? rows : sliceRows(rows, done, to);
    const from = clock.now();
    const own = arrange(slice, shadow.places);
    parts.push(
      method === 'transform'
        ? { target: transform(model, own), probabilities: null, classes: null }
        : predict(model, own),
    );
    const took = clock.now() - from;
    spentMs += took;
    const fitting = Math.floor(((to - done) * SLICE_MS) / Math.max(took, 0.001));
    shadow.pace = Math.max(1, Math.min(fitting, (to - done) * 4));
    done = to;
  };

  const compare = ({ prediction, rows, tookMs }: Observed): Comparison => {
    const { relative, agreeing } = compareTargets(prediction.target, joinPredictions(parts).target);
    return { rows: rows.nRows, agreeing, differences: relative, secondsMore: (spentMs - tookMs) / 1000 };
  };

  const turn = (): void => {
    scheduled = false;
    const observed = line[0];
    if (observed === undefined) {
      return;
    }
    if (busy()) {
      schedule(BUSY_MS);
      return;
    }
    const { shadow, rows } = observed;
    try {
      advance(observed);
      if (done < rows.nRows) {
        schedule(0);
        return;
      }
      countCompared(shadow.compared, compare(observed));
    } catch {
      countNotCompared(shadow.compared, rows.nRows, 'failed');
    }
    finish(observed);
    if (line.length > 0) {
      schedule(0);
    }
  };

  return {
    offer(observed) {
      const { nRows } = observed.rows;
      if (nRows === 0) {
        return;
      }
      const bytes = rowBytes(observed.rows);
      if (waitingRows + nRows > MOST_ROWS || waitingBytes + bytes > MOST_BYTES) {
        countNotCompared(observed.shadow.compared, nRows, 'dropped');
        return;
      }
      waitingRows += nRows;
      waitingBytes += bytes;
      line.push({ ...observed, bytes });
      schedule(0);
    },
  };
}

/** Does not keep a process alive that has nothing else to do. */
function postpone(callback: () => void, ms: number): void {
  if (ms === 0) {
    setImmediate(callback);
  } else {
    setTimeout(callback, ms).unref();
  }
}
