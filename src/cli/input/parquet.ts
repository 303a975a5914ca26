/** Rows of a Parquet file, a row group at a time. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { LoadlineError } from '../../errors.ts';
import type { Signature } from '../../model/model.ts';

/** Yields rows as objects by column name, or as arrays in column order for a model trained without names. */
export async function* parquetRows(path: string, signature: Signature): AsyncGenerator<unknown> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({
        file,
        metadata,
        rowStart,
        rowEnd,
        compressors: {
          GZIP: (input) => gunzipSync(input),
          BROTLI: (input) => brotliDecompressSync(input),
          ZSTD: (input) => zstdDecompressSync(input),
        },
      });
      for (const row of rows) {
        yield shaped(row, signature);
      }
      rowStart = rowEnd;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LoadlineError('LL2018', `Cannot read ${path} as Parquet: ${reason}`, {
      where: path,
      cause: error,
    });
  }
}

function shaped(row: Record<string, unknown>, signature: Signature): unknown {
  const entries = Object.entries(row).map(([name, value]): [string, unknown] => [name, plainValue(value)]);
  if (signature.input === 'records' || (signature.input === 'features' && signature.named)) {
    return Object.assign(
      Object.create(null),
      Object.fromEntries(
        signature.input === 'records' ? entries.filter(([, value]) => value !== null) : entries,
      ),
    );
  }
  const values = entries.map(([, value]) => value);
  return signature.input === 'features' ? values : values[0];
}

function plainValue(value: unknown): unknown {
  if (value === undefined) {
    return null;
  }
  if (typeof value === 'bigint') {
    return Number(value);
  }
  return value instanceof Date ? value.toISOString() : value;
}
