/** Rows of one JSON document: an array of rows, or an object with "features". Elements are cut out and parsed one by one. */
import { LoadlineError } from '../../errors.ts';
import type { Signature } from '../../model/model.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Yields the rows of a JSON stream. A flat array of values is one row of a model that takes features. */
export async function* jsonRows(
  stream: AsyncIterable<Buffer>,
  path: string,
  signature: Signature,
): AsyncGenerator<unknown> {
  let flat: unknown[] | null = null;
  let count = 0;
  for await (const text of elements(stream, path)) {
    const value = parse(text, path, count);
    const scalar = typeof value !== 'object' || value === null;
    if (count === 0 && scalar && signature.input === 'features') {
      flat = [];
    }
    count++;
    if (flat === null) {
      yield value;
    } else {
      flat.push(value);
    }
  }
  if (flat !== null) {
    yield flat;
  }
}

function parse(text: string, path: string, row: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/, ?"[\s\S]*$/, '') : String(cause);
    throw new LoadlineError('LL2018', `Cannot read ${path}: row ${row} is not valid JSON (${reason})`, {
      where: path,
      row,
      cause,
    });
  }
}

/** The texts of the elements of the array of rows, by a scan that only tells strings from brackets. */
async function* elements(stream: AsyncIterable<Buffer>, path: string): AsyncGenerator<string> {
  let depth = 0;
  // Depth of the elements once the array of rows was entered: 1, or 2 inside {"features": […]}.
  let rowsDepth = 0;
  let inString = false;
  let escaped = false;
  // The one row of {"features": row} where that is no array: the object then takes the place of the array of rows.
  let single = false;
  let key: string | null = null;
  let lastString: string | null = null;
  let started = false;
  let ended = false;
  let element: Buffer[] = [];
  let stringParts: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    let stringFrom = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inString) {
        if (escaped) {
          escaped = false;
        } else if (byte === BACKSLASH) {
          escaped = true;
        } else if (byte === QUOTE) {
          inString = false;
          if (rowsDepth === 0 && depth === 1) {
            stringParts.push(chunk.subarray(stringFrom, i));
            lastString = Buffer.concat(stringParts).toString();
            stringParts = [];
          }
        }
        continue;
      }
      if (ended && depth === 0 && byte > 0x20) {
        throw new LoadlineError('LL2018', `Cannot read ${path}: there is more after the end of the JSON`, {
          where: path,
        });
      }
      switch (byte) {
        case QUOTE:
          if (!started) {
            throw shapeError(path);
          }
          inString = true;
          stringFrom = i + 1;
          if (rowsDepth === 0 && depth === 1 && key === 'features') {
            rowsDepth = 1;
            single = true;
            from = i;
          }
          break;
        case COLON:
          if (rowsDepth === 0 && depth === 1) {
            key = lastString;
          }
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          depth++;
          if (!started) {
            started = true;
            if (byte === OPEN_LIST) {
              rowsDepth = 1;
              from = i + 1;
            }
          } else if (rowsDepth === 0 && depth === 2 && key === 'features' && byte === OPEN_LIST) {
            rowsDepth = 2;
            from = i + 1;
          } else if (rowsDepth === 0 && depth === 2 && key === 'features') {
            rowsDepth = 1;
            single = true;
            from = i;
          }
          break;
        case COMMA:
          if (rowsDepth > 0 && depth === rowsDepth && !ended) {
            element.push(chunk.subarray(from, i));
            yield Buffer.concat(element).toString();
            element = [];
            from = i + 1;
            ended = single;
          }
          if (depth === 1) {
            key = null;
          }
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          if (rowsDepth > 0 && depth === rowsDepth && !ended) {
            if (byte === CLOSE_OBJECT && !single) {
              throw shapeError(path);
            }
            element.push(chunk.subarray(from, i));
            const last = Buffer.concat(element).toString();
            element = [];
            if (last.trim() !== '') {
              yield last;
            }
            ended = true;
          }
          depth--;
          break;
        default:
          if (!started && byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) {
            throw shapeError(path);
          }
      }
    }
    if (rowsDepth > 0 && !ended) {
      // The stream may reuse nothing: chunks of fs and stdin are ours to keep.
      element.push(chunk.subarray(from));
    }
    if (inString && rowsDepth === 0 && depth === 1) {
      stringParts.push(chunk.subarray(stringFrom));
    }
  }
  if (rowsDepth === 0) {
    throw shapeError(path);
  }
  if (!ended || depth !== 0) {
    throw new LoadlineError('LL2018', `Cannot read ${path}: the JSON ends in the middle`, { where: path });
  }
}

function shapeError(path: string): LoadlineError {
  return new LoadlineError(
    'LL2018',
    `Cannot read ${path}: expected a JSON array of rows, or {"features": […]}`,
    { where: path },
  );
}
