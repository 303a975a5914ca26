/** What a version is put through before it answers anybody: in the process that is to serve it, between requests. */
import { type ErrorDetail, isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Cell, Data, Target } from '../../model/data.ts';
import { checkDeclared } from '../../model/declared-check.ts';
import { exampleData } from '../../model/example-data.ts';
import { METHODS } from '../../model/fitted.ts';
import type { Model, Signature } from '../../model/model.ts';
import { predict } from '../../model/prediction.ts';
import { rowsToData } from '../../model/rows.ts';
import { SLICE_MS } from '../admission.ts';
import { sliceRows } from '../slices.ts';
import { type Comparison, compareTargets, measureDifference } from './difference.ts';
import type { CheckReport, Difference } from './plan.ts';

/** Recent rows that are compared: enough for a quantile, few enough for a slow model. */
const MOST_ROWS = 256;
/** Rows of one slice before the clock is looked at. */
const SLICE_ROWS = 64;
/** Work spent on the comparison; a model that is slower is compared on fewer rows. */
const MOST_MS = 500;

/**
 * Checks a version that is to answer as `name`/`version`: what its MLmodel declares has to fit it, and its own example
 * has to be answered. Against `previous`, the version that answers now, it has to take what that takes, and `recent` rows
 * that were answered are asked of both. Requests are answered meanwhile: it works in slices. Throws LL7013 with what
 * differs, and the row and field where it is one.
 */
export async function checkVersion(
  next: Model,
  name: string,
  version: string,
  previous: Model | null,
  recent: readonly Data[],
): Promise<CheckReport> {
  const subject = `${name}/${version}`;
  checkDeclared(next);
  const example = await answersExample(subject, next);
  let difference: Difference | null = null;
  if (previous !== null) {
    checkInterface(subject, next.signature, previous.signature);
    difference = await compareRecent(subject, next, previous, recent);
  }
  return { name, version, example, difference };
}

/** Throws LL7013 unless the example, if there is one, is answered, row by row; says whether there is one. */
async function answersExample(subject: string, model: Model): Promise<true | null> {
  let turn = performance.now();
  let row = 0;
  let isWhole = true;
  try {
    const rows = exampleData(model);
    if (rows === null) {
      return null;
    }
    for (; row < Math.min(rows.nRows, SLICE_ROWS); row++) {
      isWhole = firstNotFinite(predict(model, sliceRows(rows, row, row + 1)).target, null) < 0;
      if (!isWhole) {
        break;
      }
      if (performance.now() - turn >= SLICE_MS) {
        await pause();
        turn = performance.now();
      }
    }
  } catch (error) {
    throw refused(subject, 'it refuses its own example', error, row);
  }
  if (!isWhole) {
    throw failed(subject, 'it answers its own example with a value that is not finite', { row });
  }
  return true;
}

/** Lets what waits at the sockets be answered. */
function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Callers send what the version before took, and read what it answered: both have to stay. */
function checkInterface(subject: string, next: Signature, previous: Signature): void {
  const refuse = (what: string, field?: string): never => {
    throw failed(subject, what, field === undefined ? {} : { field });
  };
  if (next.input !== previous.input) {
    refuse(`it takes ${next.input}, the version that answers now takes ${previous.input}`);
  }
  if (next.features !== null && previous.features !== null) {
    const [found, wanted] = [next, previous].map((signature) =>
      (signature.features ?? []).map((feature) => feature.name),
    ) as [string[], string[]];
    if (previous.named && next.named) {
      const known = new Set(wanted);
      const has = new Set(found);
      const extra = found.find((feature) => !known.has(feature));
      const missing = wanted.find((feature) => !has.has(feature));
      if (extra !== undefined) {
        refuse(`it needs the feature "${extra}", which callers do not send yet`, extra);
      }
      if (missing !== undefined) {
        refuse(`it has no feature "${missing}", which callers send`, missing);
      }
      const moved = found.findIndex((feature, i) => feature !== wanted[i]);
      if (moved >= 0) {
        refuse(
          `its features are in another order, in which rows sent as lists would be misread: place ${moved} is "${found[moved]}", it was "${wanted[moved]}"`,
          found[moved],
        );
      }
    }
    if (found.length !== wanted.length) {
      refuse(`it takes ${found.length} features, the version that answers now takes ${wanted.length}`);
    }
    if (previous.named && !next.named) {
      refuse('it was trained without column names, by which callers may send rows');
    }
  }
  const [answers, answered] = [answerKind(next), answerKind(previous)];
  if (answers !== answered) {
    refuse(`it answers ${answers}, the version that answers now ${answered}`);
  }
  const lost = previous.methods.find(
    (method) => (method === 'predict' || method === 'predictProba') && !next.methods.includes(method),
  );
  if (lost !== undefined) {
    refuse(`it has no ${METHODS[lost]}, which the version that answers now has`);
  }
}

function answerKind({ task, nOutputs }: Signature): string {
  const kind = task === 'classifier' ? 'a class' : task === 'transformer' ? 'a row' : 'a number';
  return nOutputs === 1 ? kind : `${kind} for each of ${nOutputs} outputs`;
}

/** Asks both for the recent rows, a few milliseconds at a time. */
async function compareRecent(
  subject: string,
  next: Model,
  previous: Model,
  recent: readonly Data[],
): Promise<Difference | null> {
  const comparisons: Comparison[] = [];
  const start = performance.now();
  let turn = start;
  let spent = 0;
  let left = MOST_ROWS;
  let pace = 1;
  for (const rows of recent) {
    let from = 0;
    while (from < rows.nRows && left > 0 && spent < MOST_MS) {
      const begun = performance.now();
      const size = Math.min(pace, rows.nRows - from, left);
      const slice = sliceRows(rows, from, from + size);
      const old = answerOf(previous, slice);
      if (old !== null) {
        comparisons.push(compareTargets(old, replay(subject, next, slice, old)));
      }
      const took = performance.now() - begun;
      spent += took;
      if (old === null && size > 1) {
        // One of these rows is not answered by the old version either: find it.
        pace = 1;
        continue;
      }
      pace = Math.max(
        1,
        Math.min(SLICE_ROWS, 4 * size, Math.floor((size * SLICE_MS) / Math.max(took, 0.001))),
      );
      from += size;
      left -= size;
      if (performance.now() - turn >= SLICE_MS) {
        await pause();
        turn = performance.now();
      }
    }
  }
  return measureDifference(comparisons);
}

/** What the version before answers; null where it refuses a row. */
function answerOf(model: Model, rows: Data): Target | null {
  try {
    return predict(model, rows).target;
  } catch (error) {
    if (isLoadlineError(error)) {
      return null;
    }
    throw error;
  }
}

/** What the new version answers to rows that `old` answers, sent as a caller sends them. */
function replay(subject: string, next: Model, rows: Data, old: Target): Target {
  let target: Target;
  try {
    const again = rows.kind === 'csr' ? rows : rowsToData(sentRows(rows), next.signature);
    target = predict(next, again).target;
  } catch (error) {
    throw refused(subject, 'it refuses rows that the version that answers now has answered', error);
  }
  const row = firstNotFinite(target, old);
  if (row >= 0) {
    throw failed(subject, 'it answers a recent row with a value that is not finite', { row });
  }
  return target;
}

/** Rows as a caller would send them, by place; NaN is a missing value. */
function sentRows(rows: Exclude<Data, { readonly kind: 'csr' }>): readonly unknown[] {
  switch (rows.kind) {
    case 'texts':
      return rows.values;
    case 'records':
      return rows.values.map((record) => Object.fromEntries(record));
    case 'dense':
      return Array.from({ length: rows.nRows }, (_, i) =>
        Array.from(rows.data.subarray(i * rows.nCols, (i + 1) * rows.nCols), sentValue),
      );
    case 'table':
      return Array.from({ length: rows.nRows }, (_, i) =>
        rows.columns.map((column) => sentValue(column[i] ?? null)),
      );
  }
}

function sentValue(cell: Cell): Cell {
  return Number.isNaN(cell) ? null : cell;
}

/** The first row with a value that is not finite where that of `old` is, or any where there is none to compare; −1 for none. */
function firstNotFinite(target: Target, old: Target | null): number {
  if (target.kind !== 'numbers') {
    return -1;
  }
  const at = target.data.findIndex(
    (value, i) => !Number.isFinite(value) && (old?.kind !== 'numbers' || Number.isFinite(old.data[i])),
  );
  return at < 0 ? -1 : Math.floor(at / target.nCols);
}

/** What a model threw at rows from `firstRow` on, as the reason why it may not answer; a defect stays one. */
function refused(subject: string, what: string, error: unknown, firstRow = 0): unknown {
  if (!isLoadlineError(error)) {
    return error;
  }
  const { row, field } = error.detail;
  return failed(subject, `${what}: ${error.message} (${error.code})`, {
    cause: error,
    ...(row === undefined ? {} : { row: row + firstRow }),
    ...(field === undefined ? {} : { field }),
  });
}

function failed(subject: string, what: string, detail: ErrorDetail): LoadlineError {
  return new LoadlineError('LL7013', `Cannot serve ${subject}: ${what}`, { where: subject, ...detail });
}
