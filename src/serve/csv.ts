/** CSV bodies to rows, and predictions to CSV. */
import { parse } from 'csv-parse/sync';
import { LoadlineError } from '../errors.ts';
import { isHeader, typedRow } from '../model/csv-rows.ts';
import type { Signature } from '../model/model.ts';
import type { Prediction } from '../model/prediction.ts';
import { targetValues } from '../model/prediction.ts';

/** Whether the first line is a header; `auto` looks at it (RFC 4180 has the first two as a parameter of the media type). */
export type CsvHeader = 'present' | 'absent' | 'auto';

/** Reads a body as rows: objects by column name for a model with names and a header, else arrays. Throws LL2018, LL2006, LL2008. */
export function parseCsv(body: Buffer, signature: Signature, header: CsvHeader): readonly unknown[] {
  const lines = splitCsv(body.toString().replace(/^\ufeff/, ''));
  const first = lines[0];
  if (first === undefined) {
    throw new LoadlineError('LL2008', 'The CSV has no rows');
  }
  const hasHeader = header === 'auto' ? isHeader(first, signature) : header === 'present';
  const names = hasHeader ? first : null;
  const rows: unknown[] = [];
  for (let i = hasHeader ? 1 : 0; i < lines.length; i++) {
    const cells = lines[i]!;
    if (cells.length !== first.length) {
      throw new LoadlineError(
        'LL2018',
        `Row ${rows.length} of the CSV has ${cells.length} cells, the first line has ${first.length}`,
        { row: rows.length },
      );
    }
    rows.push(typedRow(cells, names, signature, i + 1));
  }
  if (rows.length === 0) {
    throw new LoadlineError('LL2008', 'The CSV has a header and no rows');
  }
  return rows;
}

function splitCsv(text: string): readonly (readonly string[])[] {
  // Without quotes there is nothing to parse, and splitting is ten times as fast.
  if (!text.includes('"')) {
    return text
      .split(/\r?\n/)
      .filter((line) => line !== '')
      .map((line) => line.split(','));
  }
  try {
    return parse(text, { relax_column_count: true, skip_empty_lines: true });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault';
    // The parser's own message quotes the body.
    throw new LoadlineError('LL2018', `The CSV cannot be read (${code})`, { cause });
  }
}

/** One line per row, one cell per output, without a header. Not finite is an empty cell. */
export function csvOf({ target }: Prediction): string {
  const lines = targetValues(target).map((value) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map(csvCell).join(','),
  );
  return `${lines.join('\n')}\n`;
}

function csvCell(value: unknown): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
