/** Rows of a CSV file, with a header or without. */
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { LoadlineError } from '../../errors.ts';
import { isHeader, typedRow } from '../../model/csv-rows.ts';
import type { Signature } from '../../model/model.ts';

/** Yields rows typed by the model's features, with a header or without. */
export async function* csvRows(
  stream: AsyncIterable<Buffer>,
  path: string,
  signature: Signature,
): AsyncGenerator<unknown> {
  const parser = Readable.from(stream).pipe(parse({ bom: true, skip_empty_lines: true }));
  let header: readonly string[] | null = null;
  let line = 0;
  try {
    for await (const cells of parser as AsyncIterable<readonly string[]>) {
      line++;
      if (line === 1 && isHeader(cells, signature)) {
        header = cells;
        continue;
      }
      yield typedRow(cells, header, signature, line);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')) {
      throw new LoadlineError('LL2018', `Cannot read ${path}: ${error.message}`, {
        where: path,
        cause: error,
      });
    }
    throw error;
  }
}
