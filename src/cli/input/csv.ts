/** Rows of a CSV file, with a header or without. */
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { LoadlineError } from '../../errors.ts';
import type { NamedFeature, Signature } from '../../model/model.ts';
import { cellValue } from './cells.ts';

/**
 * Yields rows typed by the model's features. The first line is a header when it holds the model's column names, or
 * when no cell of it is a number while the model takes numbers.
 */
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

function isHeader(cells: readonly string[], signature: Signature): boolean {
  const { features } = signature;
  if (features === null) {
    return (
      signature.input === 'records' || (cells.length === 1 && /^(text|document|label)s?$/i.test(cells[0]!))
    );
  }
  if (signature.named && features.some((feature) => cells.includes(feature.name))) {
    return true;
  }
  const numeric = features.some((feature) => feature.kind === 'number');
  return numeric && cells.every((cell) => cell.trim() === '' || Number.isNaN(Number(cell)));
}

function typedRow(
  cells: readonly string[],
  header: readonly string[] | null,
  signature: Signature,
  line: number,
): unknown {
  const { features } = signature;
  if (features === null) {
    return signature.input === 'records'
      ? record(cells, header ?? [])
      : cells.length === 1
        ? cells[0]
        : cells;
  }
  if (header === null || !signature.named) {
    return cells.map((cell, j) => (features[j] === undefined ? cell : cellValue(cell, features[j], line)));
  }
  const byName = new Map<string, NamedFeature>(features.map((feature) => [feature.name, feature]));
  const row: Record<string, unknown> = Object.create(null);
  header.forEach((name, j) => {
    const feature = byName.get(name);
    row[name] = feature === undefined ? cells[j] : cellValue(cells[j] ?? '', feature, line);
  });
  return row;
}

function record(cells: readonly string[], header: readonly string[]): Record<string, string | number> {
  const row: Record<string, string | number> = Object.create(null);
  header.forEach((name, j) => {
    const cell = cells[j] ?? '';
    if (cell !== '') {
      row[name] = Number.isNaN(Number(cell)) ? cell : Number(cell);
    }
  });
  return row;
}
