/** Rows of a file in batches, whatever its format: memory stays bounded for a file of any size. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import type { Signature } from '../../model/model.ts';
import { csvRows } from './csv.ts';
import { jsonRows } from './json.ts';
import { ndjsonRows } from './ndjson.ts';
import { parquetRows } from './parquet.ts';

/** Consecutive rows of a file. */
export interface Batch {
  /** Rows as a user would send them over HTTP: arrays, objects by column name, strings. */
  readonly rows: readonly unknown[];
  /** Number of the first one in the file, from 0. */
  readonly firstRow: number;
}

export const INPUT_FORMATS = ['json', 'ndjson', 'csv', 'parquet'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** Rows per batch: large enough that the per-batch cost vanishes, small enough that 1,000 columns stay in some 30 MB. */
export const BATCH_ROWS = 4096;

/** The format of a path by its ending. Throws LL2018 for another. */
export function formatOf(path: string): InputFormat {
  const ending = extname(path).slice(1).toLowerCase();
  const format = ending === 'jsonl' ? 'ndjson' : INPUT_FORMATS.find((known) => known === ending);
  if (format === undefined) {
    throw new LoadlineError(
      'LL2018',
      `Cannot tell the format of ${path} by its ending "${ending}": expected ${INPUT_FORMATS.join(', ')}`,
      { where: path, fix: 'Name the format with --format.' },
    );
  }
  return format;
}

/** Reads a file, or stdin for `-`, in batches of at most `BATCH_ROWS`. Throws LL1006 and LL2018. */
export async function* readBatches(
  path: string,
  format: InputFormat,
  signature: Signature,
): AsyncGenerator<Batch> {
  let rows: unknown[] = [];
  let firstRow = 0;
  for await (const row of await rowsOf(path, format, signature)) {
    rows.push(row);
    if (rows.length === BATCH_ROWS) {
      yield { rows, firstRow };
      firstRow += rows.length;
      rows = [];
    }
  }
  if (rows.length > 0) {
    yield { rows, firstRow };
  } else if (firstRow === 0) {
    throw new LoadlineError('LL2008', `${path} has no rows`, { where: path });
  }
}

async function rowsOf(
  path: string,
  format: InputFormat,
  signature: Signature,
): Promise<AsyncIterable<unknown>> {
  if (path !== '-') {
    await stat(path).catch((cause: unknown) => {
      throw new LoadlineError('LL1006', `Cannot read ${path}: there is no such file`, { where: path, cause });
    });
  }
  if (format === 'parquet') {
    if (path === '-') {
      throw new LoadlineError(
        'LL2018',
        'Cannot read parquet from stdin: the format has its index at the end',
      );
    }
    return parquetRows(path, signature);
  }
  const stream: AsyncIterable<Buffer> =
    path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 });
  switch (format) {
    case 'json':
      return jsonRows(stream, path, signature);
    case 'ndjson':
      return ndjsonRows(stream, path);
    case 'csv':
      return csvRows(stream, path, signature);
  }
}
