/** Checks one model against what scikit-learn recorded, by two paths: as a batch, and one row at a time. */
import { openModel } from '../../src/formats/open.ts';
import type { Fitted } from '../../src/model/fitted.ts';
import { rowsToData } from '../../src/model/rows.ts';
import type { Answer, RowAnswer } from './answers.ts';
import { answerOf, recordedAnswer } from './answers.ts';
import type { Case, Json, Outputs, Recorded, SklearnMethod } from './cases.ts';
import { loadRecorded, METHOD_NAMES, modelPath } from './cases.ts';
import type { Worst } from './compare.ts';
import { CONTRACT, difference, LABEL_MARGIN, NO_DIFFERENCE, winningMargin, worse } from './compare.ts';

export interface MethodResult {
  readonly method: SklearnMethod;
  readonly worst: Worst;
  /** Labels that differ within the margin the contract leaves. */
  readonly closeLabels: number;
}

export interface VersionResult {
  readonly minor: string;
  readonly methods: readonly MethodResult[];
  /** What breaks the contract, in words. */
  readonly faults: readonly string[];
}

/** Opens a case's model of one version, or another file that holds it, and compares every recorded method. */
export async function checkVersion(
  entry: Case,
  minor: string,
  path = modelPath(entry, minor),
): Promise<VersionResult> {
  const recorded = loadRecorded(entry, minor);
  const faults: string[] = [];
  const methods: MethodResult[] = [];
  try {
    const { fitted, signature } = await openModel(path);
    const batch = rowsToData(entry.input, signature);
    const singles = entry.input.map((row) => rowsToData([reordered(row)], signature));
    for (const method of METHOD_NAMES) {
      const expected = recordedAnswer(recorded, method);
      const found = answerOf(fitted, method, batch);
      if (expected === null) {
        if (found !== null && entry.methods.includes(method)) {
          faults.push(`${method}: scikit-learn ${minor} does not have it here`);
        }
        continue;
      }
      if (found === null) {
        faults.push(`${method}: missing`);
        continue;
      }
      const ones = singles.map((row) => answerOf(fitted, method, row));
      methods.push(compareMethod(entry, method, found, expected, recorded, faults));
      compareOnes(method, found, ones, faults);
    }
    compareClasses(fitted, recorded, faults);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  return { minor, methods, faults: faults.map((fault) => `scikit-learn ${minor}, ${fault}`) };
}

/** The same row with its keys the other way round: their order must not matter. */
function reordered(row: unknown): unknown {
  return typeof row === 'object' && row !== null && !Array.isArray(row)
    ? Object.fromEntries(Object.entries(row).reverse())
    : row;
}

function compareMethod(
  entry: Case,
  method: SklearnMethod,
  found: Answer,
  expected: Json | Outputs,
  recorded: Recorded,
  faults: string[],
): MethodResult {
  const bound = entry.tolerance ?? CONTRACT;
  const exact = entry.exact?.includes(method) === true;
  const labels = method === 'predict' && recorded.expected.classes !== undefined;
  let worst = NO_DIFFERENCE;
  let closeLabels = 0;
  for (const { value, wanted, where, row } of pairs(found, expected, faults, method)) {
    const one = difference(
      method === 'transform' ? numeric(value) : value,
      method === 'transform' ? numeric(wanted) : wanted,
      labels ? { rel: 0, abs: 0 } : bound,
      where,
    );
    if (labels && one.share > 0 && marginOf(recorded, row) < LABEL_MARGIN) {
      closeLabels++;
      continue;
    }
    worst = worse(worst, one);
  }
  if (worst.share > (exact || labels ? 0 : 1)) {
    const kind = labels ? 'label' : exact ? 'not equal to the last bit' : 'too far';
    faults.push(`${method}: ${kind}, ${worst.where} (relative ${worst.relative.toExponential(1)})`);
  }
  return { method, worst, closeLabels };
}

interface Pair {
  readonly value: unknown;
  readonly wanted: Json;
  readonly row: number;
  readonly where: string;
}

function* pairs(
  found: Answer,
  expected: Json | Outputs,
  faults: string[],
  method: SklearnMethod,
): Generator<Pair> {
  const wanted = 'outputs' in Object(expected) ? (expected as Outputs).outputs : [expected as Json];
  const lists = 'outputs' in found ? found.outputs : [found];
  if (wanted.length !== lists.length) {
    faults.push(`${method}: expected ${wanted.length} outputs, found ${lists.length}`);
    return;
  }
  for (const [output, list] of lists.entries()) {
    const rows = wanted[output] as readonly Json[];
    if (rows.length !== list.length) {
      faults.push(`${method}: expected ${rows.length} rows, found ${list.length}`);
      return;
    }
    for (const [row, answer] of list.entries()) {
      const place = lists.length > 1 ? `output ${output}, row ${row}` : `row ${row}`;
      const shape = shapeFault(answer, rows[row] as Json);
      if (shape !== null) {
        faults.push(`${method}: ${place}: ${shape}`);
        return;
      }
      yield* rowPairs(answer, rows[row] as Json, row, place);
    }
  }
}

function* rowPairs(answer: RowAnswer, wanted: Json, row: number, place: string): Generator<Pair> {
  if (!Array.isArray(wanted)) {
    yield { value: Array.isArray(answer) ? answer[0] : answer, wanted, row, where: place };
    return;
  }
  for (const [column, value] of wanted.entries()) {
    yield {
      value: (answer as readonly unknown[])[column],
      wanted: value as Json,
      row,
      where: `${place}, column ${column}`,
    };
  }
}

/** A row of one is taken for a scalar where the encoders of targets answer one-dimensional arrays. */
function shapeFault(answer: RowAnswer, wanted: Json): string | null {
  const found = Array.isArray(answer) ? answer.length : 0;
  const asked = Array.isArray(wanted) ? wanted.length : 0;
  if (found === asked || (asked === 0 && found === 1)) {
    return null;
  }
  const words = (count: number): string => (count === 0 ? 'one value' : `${count} columns`);
  return `expected ${words(asked)}, found ${words(found)}`;
}

function marginOf(recorded: Recorded, row: number): number {
  const scores = recorded.expected.decision_function ?? recorded.expected.predict_proba;
  const one = Array.isArray(scores) ? (scores[row] as Json) : null;
  return one === null ? Number.POSITIVE_INFINITY : winningMargin(one);
}

function compareOnes(
  method: SklearnMethod,
  found: Answer,
  ones: readonly (Answer | null)[],
  faults: string[],
): void {
  for (const [row, one] of ones.entries()) {
    const inBatch = JSON.stringify(rowOf(found, row), keepBits);
    const alone = one === null ? 'nothing' : JSON.stringify(rowOf(one, 0), keepBits);
    if (inBatch !== alone) {
      faults.push(`${method}: row ${row} alone gives ${alone}, in the batch ${inBatch}`);
      return;
    }
  }
}

function rowOf(answer: Answer, row: number): unknown {
  return 'outputs' in answer ? answer.outputs.map((list) => list[row]) : answer[row];
}

/** JSON loses -0 and what is not finite; a missing value is NaN or null by the type of its column. */
function keepBits(_key: string, value: unknown): unknown {
  if (value === null) {
    return 'NaN';
  }
  return typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value))
    ? `${Object.is(value, -0) ? '-0' : value}`
    : value;
}

/** Columns of booleans (a missing indicator's) are numbers to whatever comes next. */
function numeric<Value>(value: Value): Value | number {
  return typeof value === 'boolean' ? Number(value) : value;
}

function compareClasses(fitted: Fitted, recorded: Recorded, faults: string[]): void {
  const { classes } = recorded.expected;
  if (classes === undefined || fitted.task !== 'classifier') {
    return;
  }
  const wanted = Array.isArray((classes as readonly Json[])[0]) ? classes : [classes];
  if (JSON.stringify(fitted.classes) !== JSON.stringify(wanted)) {
    faults.push(
      `classes: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(fitted.classes)?.slice(0, 200)}`,
    );
  }
}
