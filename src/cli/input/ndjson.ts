/** Rows of newline-delimited JSON: one row a line, blank lines skipped. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { LoadlineError } from '../../errors.ts';

/** Yields one row a line. Throws LL2018 with the number of the line that is not JSON. */
export async function* ndjsonRows(stream: AsyncIterable<Buffer>, path: string): AsyncGenerator<unknown> {
  let line = 0;
  for await (const text of createInterface({
    input: Readable.from(stream),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    if (text.trim() === '') {
      continue;
    }
    try {
      yield JSON.parse(text) as unknown;
    } catch (cause) {
      throw new LoadlineError('LL2018', `Cannot read ${path}: line ${line} is not valid JSON`, {
        where: `${path}:${line}`,
        cause,
      });
    }
  }
}
