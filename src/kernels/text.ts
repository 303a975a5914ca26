/** From a document to its tokens and n-grams, as the text vectorizers of scikit-learn cut them. */
import { isCombining, isSpace, isWord } from './characters.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it tests for
const NOT_ASCII = /[^\u0000-\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ALL_NOT_ASCII = /[^\u0000-\u007f]/g;
/** Any astral character or lone surrogate: without one, code units are code points. */
const SURROGATE = /[\ud800-\udfff]/;

/** Drops combining marks from the compatibility decomposition, as scikit-learn's `strip_accents_unicode`. */
export function stripAccents(text: string): string {
  if (!NOT_ASCII.test(text)) {
    return text;
  }
  const decomposed = text.normalize('NFKD');
  let out = '';
  for (const char of decomposed) {
    if (!isCombining(char.codePointAt(0)!)) {
      out += char;
    }
  }
  return out;
}

/** Decomposes and drops all that is not ASCII, as scikit-learn's `strip_accents_ascii`. */
export function stripToAscii(text: string): string {
  return NOT_ASCII.test(text) ? text.normalize('NFKD').replace(ALL_NOT_ASCII, '') : text;
}

/** Runs of at least two word characters: what the default token pattern `(?u)\b\w\w+\b` finds. */
export function words(text: string): string[] {
  const out: string[] = [];
  const n = text.length;
  let i = 0;
  while (i < n) {
    const first = text.codePointAt(i)!;
    const start = i;
    i += first > 0xffff ? 2 : 1;
    if (!isWord(first)) {
      continue;
    }
    const second = i;
    while (i < n) {
      const codePoint = text.codePointAt(i)!;
      if (!isWord(codePoint)) {
        break;
      }
      i += codePoint > 0xffff ? 2 : 1;
    }
    if (i > second) {
      out.push(text.slice(start, i));
    }
  }
  return out;
}

/** Tokens joined by spaces in runs of `min` to `max`, shorter runs first. */
export function wordNgrams(tokens: readonly string[], min: number, max: number): string[] {
  const out: string[] = [];
  const longest = Math.min(max, tokens.length);
  for (let size = min; size <= longest; size++) {
    for (let i = 0; i + size <= tokens.length; i++) {
      let joined = tokens[i]!;
      for (let k = 1; k < size; k++) {
        joined += ` ${tokens[i + k]!}`;
      }
      out.push(joined);
    }
  }
  return out;
}

/** Runs of `min` to `max` characters, after two or more spaces in a row became one blank. */
export function charNgrams(text: string, min: number, max: number): string[] {
  const chars = characters(squeezeSpaces(text));
  const out: string[] = [];
  const longest = Math.min(max, chars.length);
  for (let size = min; size <= longest; size++) {
    for (let i = 0; i + size <= chars.length; i++) {
      out.push(run(chars, i, i + size));
    }
  }
  return out;
}

/** Runs of `min` to `max` characters within each word, which is padded with a blank on both sides; a word shorter than a run counts once. */
export function charWordNgrams(text: string, min: number, max: number): string[] {
  const out: string[] = [];
  for (const word of splitSpaces(text)) {
    const chars = characters(` ${word} `);
    for (let size = min; size <= max; size++) {
      out.push(run(chars, 0, Math.min(size, chars.length)));
      for (let i = 1; i + size <= chars.length; i++) {
        out.push(run(chars, i, i + size));
      }
      if (size >= chars.length) {
        break;
      }
    }
  }
  return out;
}

/** A string by code points: itself where that is the same, which makes slices cheap. */
function characters(text: string): string | readonly string[] {
  return SURROGATE.test(text) ? Array.from(text) : text;
}

function run(chars: string | readonly string[], start: number, end: number): string {
  return typeof chars === 'string' ? chars.slice(start, end) : chars.slice(start, end).join('');
}

/** Python's `re.sub(r'\s\s+', ' ', text)`: a single space of any kind stays as it is. */
function squeezeSpaces(text: string): string {
  let out = '';
  let from = 0;
  let i = 0;
  while (i < text.length) {
    if (!isSpace(text.charCodeAt(i))) {
      i++;
      continue;
    }
    const start = i;
    while (i < text.length && isSpace(text.charCodeAt(i))) {
      i++;
    }
    if (i - start > 1) {
      out += `${text.slice(from, start)} `;
      from = i;
    }
  }
  return out + text.slice(from);
}

/** Python's `text.split()`. */
function splitSpaces(text: string): string[] {
  const out: string[] = [];
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    if (isSpace(text.charCodeAt(i))) {
      if (start >= 0) {
        out.push(text.slice(start, i));
        start = -1;
      }
    } else if (start < 0) {
      start = i;
    }
  }
  if (start >= 0) {
    out.push(text.slice(start));
  }
  return out;
}
