/** JSON bodies: read with an error that gives a position and never the payload; predictions written by concatenation. */
import { isUtf8 } from 'node:buffer';
import { LoadlineError } from '../errors.ts';
import type { Dense, Label, Target } from '../model/data.ts';

/** Parses a body. Throws LL2001 with the position of the first character that is wrong. */
export function parseJson(body: Buffer): unknown {
  const text = body.toString();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw jsonError(text, body, cause);
  }
}

/**
 * As `parseJson`, but reads Python's `NaN` as null and `Infinity` as an infinite number, which `json.dumps` writes
 * unless it is told not to.
 */
export function parsePythonJson(body: Buffer): unknown {
  const text = body.toString();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (!/NaN|Infinity/.test(text)) {
      throw jsonError(text, body, cause);
    }
    try {
      return JSON.parse(plainJson(text)) as unknown;
    } catch {
      throw jsonError(text, body, cause);
    }
  }
}

// V8's own message quotes the body, so it is not shown.
function jsonError(text: string, body: Buffer, cause: unknown): LoadlineError {
  if (body.length === 0) {
    return new LoadlineError('LL2001', 'The body is empty: expected JSON', { cause });
  }
  if (!isUtf8(body)) {
    return new LoadlineError('LL2001', 'The body is not valid UTF-8, as JSON has to be', { cause });
  }
  const at = jsonFault(text);
  if (at >= text.length) {
    return new LoadlineError(
      'LL2001',
      `The body is not valid JSON: it ends after ${text.length} characters`,
      {
        cause,
      },
    );
  }
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return new LoadlineError(
    'LL2001',
    `The body is not valid JSON: line ${line}, column ${column} (character ${at}) cannot stand there${hint(text, at)}`,
    { cause },
  );
}

function hint(text: string, at: number): string {
  if (text.startsWith('NaN', at) || text.startsWith('Infinity', at) || text.startsWith('-Infinity', at)) {
    return '; JSON has no NaN or Infinity: send null for a missing value';
  }
  return text[at] === "'" ? '; JSON quotes with "' : '';
}

/** Replaces Python's words for numbers outside of strings: 1e999 is read as an infinite number. */
function plainJson(text: string): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    out += text.slice(at, end).replaceAll('NaN', 'null').replaceAll('Infinity', '1e999');
    if (quote >= 0) {
      const close = stringEnd(text, quote);
      // A string that is not closed properly goes over as it is, for JSON.parse to refuse.
      at = close < 0 ? text.length : close;
      out += text.slice(end, at);
    } else {
      at = end;
    }
  }
  return out;
}

const SPACE = /[ \t\n\r]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/**
 * Index of the first token that a JSON text cannot have where it stands (RFC 8259); the text's length where it ends too
 * early or is valid.
 */
export function jsonFault(text: string): number {
  let at = 0;
  const open: ('[' | '{')[] = [];
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  const takeString = (): boolean => {
    const end = text[at] === '"' ? stringEnd(text, at) : ~at;
    at = end < 0 ? ~end : end;
    return end >= 0;
  };
  const takeChar = (char: string): boolean => {
    const found = text[at] === char;
    at += found ? 1 : 0;
    return found;
  };
  const key = (): boolean => {
    take(SPACE);
    return takeString() && take(SPACE) && takeChar(':');
  };
  for (;;) {
    // A value.
    take(SPACE);
    if (takeChar('[')) {
      take(SPACE);
      if (!takeChar(']')) {
        open.push('[');
        continue;
      }
    } else if (takeChar('{')) {
      take(SPACE);
      if (!takeChar('}')) {
        open.push('{');
        if (!key()) {
          return at;
        }
        continue;
      }
    } else if (!takeString() && !take(SCALAR)) {
      return at;
    }
    // What follows a value: ends of what is open, then a comma or the end of the text.
    for (;;) {
      take(SPACE);
      const inside = open.at(-1);
      if (inside === undefined) {
        return at;
      }
      if (!takeChar(inside === '[' ? ']' : '}')) {
        break;
      }
      open.pop();
    }
    if (!takeChar(',') || (open.at(-1) === '{' && !key())) {
      return at;
    }
  }
}

/** Index after the string that starts at `at`, or the bitwise complement of where it stops being one. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      return i + 1;
    }
    if (code < 0x20) {
      return ~i;
    }
    if (code === 0x5c) {
      ESCAPE.lastIndex = i;
      if (!ESCAPE.test(text)) {
        return ~i;
      }
      i = ESCAPE.lastIndex - 1;
    }
  }
  return ~text.length;
}

/** A number as JSON; not finite is `null`. */
export function jsonNumber(x: number): string {
  return Number.isFinite(x) ? String(x) : 'null';
}

/** A target as the text of a JSON array: a value per row, or an array per row for several outputs. */
export function jsonTarget(target: Target): string {
  const { nRows, nCols, oneD } = target;
  if (target.kind === 'numbers') {
    return oneD ? jsonNumbers(target.data) : jsonMatrix(target.data, nRows, nCols);
  }
  const words = target.classes.map((classes) => classes.map(jsonLabel));
  let text = '';
  for (let i = 0; i < nRows; i++) {
    text += i === 0 ? '' : ',';
    text += oneD ? words[0]![target.codes[i]!]! : jsonRow(words, target.codes, i, nCols);
  }
  return `[${text}]`;
}

/** A list of numbers as the text of a JSON array. */
export function jsonNumbers(data: Float64Array): string {
  let text = '';
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    text += i === 0 ? '' : ',';
    text += Number.isFinite(x) ? x : 'null';
  }
  return `[${text}]`;
}

/** Row-major numbers as the text of a JSON array of rows. */
export function jsonMatrix(data: Float64Array, nRows: number, nCols: number): string {
  let text = '';
  for (let i = 0; i < nRows; i++) {
    text += i === 0 ? '[' : ',[';
    for (let j = 0; j < nCols; j++) {
      const x = data[i * nCols + j]!;
      text += j === 0 ? '' : ',';
      text += Number.isFinite(x) ? x : 'null';
    }
    text += ']';
  }
  return `[${text}]`;
}

/** Probabilities as JSON text: `[nRows][nClasses]`, or one such list per output for several outputs. */
export function jsonProbabilities(probabilities: readonly Dense[]): string {
  const texts = probabilities.map(({ data, nRows, nCols }) => jsonMatrix(data, nRows, nCols));
  return texts.length === 1 ? texts[0]! : `[${texts.join(',')}]`;
}

/** Classes as JSON text: a list, or one list per output for several outputs. */
export function jsonClasses(classes: readonly (readonly Label[])[]): string {
  const texts = classes.map((labels) => `[${labels.map(jsonLabel).join(',')}]`);
  return texts.length === 1 ? texts[0]! : `[${texts.join(',')}]`;
}

function jsonLabel(label: Label): string {
  return typeof label === 'number' ? jsonNumber(label) : JSON.stringify(label);
}

function jsonRow(
  words: readonly (readonly string[])[],
  codes: Int32Array,
  row: number,
  nCols: number,
): string {
  let text = '';
  for (let j = 0; j < nCols; j++) {
    text += j === 0 ? '' : ',';
    text += words[j]![codes[row * nCols + j]!]!;
  }
  return `[${text}]`;
}
