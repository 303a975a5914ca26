/** Pages of a search: its tokens are base64 of `{"offset": 20}`, as MLflow's. */
import { invalid } from '../errors.ts';
import { pythonJson } from '../python-text.ts';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. */
  readonly next: string | undefined;
}

/** The rows from a token on. `more` is what the token holds besides. Throws INVALID_PARAMETER_VALUE. */
export function pageOf<Row>(
  rows: readonly Row[],
  size: number,
  token: string | null,
  more: Readonly<Record<string, unknown>> = {},
): Page<Row> {
  const offset = token === null || token === '' ? 0 : offsetOf(token, more);
  const end = offset + size;
  return {
    rows: rows.slice(offset, end),
    next:
      end < rows.length
        ? Buffer.from(pythonJson({ ...more, offset: end }, true)).toString('base64')
        : undefined,
  };
}

function offsetOf(token: string, more: Readonly<Record<string, unknown>>): number {
  const decoded = Buffer.from(token, 'base64').toString();
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(decoded) as Record<string, unknown>;
  } catch {
    throw invalid(`Invalid page token, decoded value=${JSON.stringify(decoded)}`);
  }
  const offset = Number(parsed?.offset);
  if (!Number.isSafeInteger(offset) || offset < 1) {
    throw invalid(`Invalid page token, parsed value=${decoded}`);
  }
  for (const [key, wanted] of Object.entries(more)) {
    if (pythonJson(parsed[key], true) !== pythonJson(wanted, true)) {
      throw invalid(
        `The page token is of another search: its ${key} is ${pythonJson(parsed[key], true)}, that of the request ${pythonJson(wanted, true)}`,
      );
    }
  }
  return offset;
}
