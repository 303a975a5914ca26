/** Saying in which part of a composite an input was refused. */
import { isLoadlineError, LoadlineError } from '../errors.ts';
import { columnName } from '../model/coerce.ts';
import type { Data } from '../model/data.ts';

/** How `columnName` calls a column without a name. */
const NUMBERED = /^column (\d+)$/;

/**
 * The error to throw on when the part called `step` refused rows: an input error (LL2…) keeps its row and field and
 * gains the step in `where`, outer steps first; anything else comes back as it is.
 */
export function atStep(error: unknown, step: string): unknown {
  return isInputError(error) ? restated(error, step, error.detail.field) : error;
}

/**
 * As `atStep`, for a part that saw columns which earlier steps made from `rows`: a column by number means nothing to
 * the caller. Where the row holds a missing or infinite value, that is what came through, and its column is named;
 * otherwise the field is dropped.
 */
export function atLaterStep(error: unknown, step: string, rows: Data): unknown {
  if (!isInputError(error) || error.detail.field === undefined || !NUMBERED.test(error.detail.field)) {
    return atStep(error, step);
  }
  const { row } = error.detail;
  const column = error.code === 'LL2007' && row !== undefined ? missingColumn(rows, row) : -1;
  return restated(error, step, column < 0 ? undefined : columnName(rows, column));
}

/** As `atStep`, for a part that saw only the columns `indices`: a field by number becomes the caller's column. */
export function atColumns(
  error: unknown,
  step: string,
  indices: Int32Array,
  names: readonly string[] | null,
): unknown {
  if (!isInputError(error)) {
    return error;
  }
  const { field } = error.detail;
  const match = field === undefined ? null : NUMBERED.exec(field);
  const index = match === null ? undefined : indices[Number(match[1])];
  return restated(error, step, index === undefined ? field : (names?.[index] ?? `column ${index}`));
}

function isInputError(error: unknown): error is LoadlineError {
  return isLoadlineError(error) && error.code.startsWith('LL2');
}

function restated(error: LoadlineError, step: string, field: string | undefined): LoadlineError {
  const { where, field: old, ...detail } = error.detail;
  const message =
    old === undefined || field === undefined
      ? error.message
      : error.message.replace(`, ${old}:`, `, ${field}:`);
  return new LoadlineError(error.code, message, {
    cause: error,
    ...detail,
    where: where === undefined ? step : `${step}.${where}`,
    ...(field !== undefined && { field }),
  });
}

function missingColumn(rows: Data, row: number): number {
  switch (rows.kind) {
    case 'dense':
      return rows.data
        .subarray(row * rows.nCols, (row + 1) * rows.nCols)
        .findIndex((x) => !Number.isFinite(x));
    case 'table':
      return rows.columns.findIndex((column) => {
        const cell = column[row];
        return cell === null || (typeof cell === 'number' && !Number.isFinite(cell));
      });
    default:
      return -1;
  }
}

/** What `call` gives; an input error it throws gains `step`. */
export function within<T>(step: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw atStep(error, step);
  }
}
