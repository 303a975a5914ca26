/** How a text vectorizer turns a document into terms: the parameters that scikit-learn's vectorizers share. */
import {
  charNgrams,
  charWordNgrams,
  stripAccents,
  stripToAscii,
  wordNgrams,
  words,
} from '../../kernels/text.ts';
import { compileTokenPattern, findTokens } from '../../kernels/token-pattern.ts';
import { dictEntries, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { describe, type EstimatorState, isList } from '../state.ts';
import { ENGLISH_STOP_WORDS } from './english-stop-words.ts';

/** Terms of one document, repeats included. */
export type Analyze = (document: string) => readonly string[];

/** Patterns that `words` finds by hand. */
const DEFAULT_PATTERNS: readonly string[] = [String.raw`(?u)\b\w\w+\b`, String.raw`\b\w\w+\b`];

/** Longest n-gram: a forged length would turn one document into millions of long strings. */
const MAX_NGRAM = 100;

/**
 * Reads the analyzer of a vectorizer. Throws LL3006 for a tokenizer, preprocessor or analyzer that is a function, and
 * LL4004 for a token pattern outside what can be run safely or another option that is not supported.
 */
export function readAnalyzer(state: EstimatorState): Analyze {
  if (state.has('input')) {
    state.choice('input', ['content']);
  }
  const analyzer = state.choice('analyzer', ['word', 'char', 'char_wb']);
  refuseCallable(state, 'preprocessor');
  const prepare = readPreparation(state);
  const [min, max] = readNgramRange(state);
  if (analyzer !== 'word') {
    const cut = analyzer === 'char' ? charNgrams : charWordNgrams;
    return (document) => cut(prepare(document), min, max);
  }
  refuseCallable(state, 'tokenizer');
  const tokenize = readTokenPattern(state);
  const stopWords = readStopWords(state);
  return (document) => {
    const found = tokenize(prepare(document));
    const tokens = stopWords === null ? found : found.filter((token) => !stopWords.has(token));
    return max === 1 ? tokens : wordNgrams(tokens, min, max);
  };
}

function refuseCallable(state: EstimatorState, attribute: string): void {
  const value = state.optional(attribute) ?? null;
  if (value !== null) {
    throw state.unsupported(attribute, 'None', value);
  }
}

/** Python's `str.lower` and JavaScript's `toLowerCase` both apply Unicode's full mapping, İ and the final sigma included. */
function readPreparation(state: EstimatorState): (document: string) => string {
  const lower = state.boolean('lowercase');
  const strip = readStrip(state);
  if (strip === null) {
    return lower ? (document) => document.toLowerCase() : (document) => document;
  }
  return (document) => strip(lower ? document.toLowerCase() : document);
}

function readStrip(state: EstimatorState): ((text: string) => string) | null {
  const value = state.optional('strip_accents') ?? null;
  switch (value) {
    case null:
    case false:
    case '':
      return null;
    case 'ascii':
      return stripToAscii;
    case 'unicode':
      return stripAccents;
    default:
      throw state.unsupported('strip_accents', "None, 'ascii', 'unicode'", value);
  }
}

function readNgramRange(state: EstimatorState): readonly [number, number] {
  const [min, max, ...more] = state.list('ngram_range').map(plain);
  if (
    typeof min !== 'number' ||
    typeof max !== 'number' ||
    more.length > 0 ||
    !Number.isInteger(min) ||
    !Number.isInteger(max) ||
    min < 1 ||
    max < min
  ) {
    throw state.wrong(
      'ngram_range',
      'two integers from 1 on, the second not below the first',
      state.value('ngram_range'),
    );
  }
  if (max > MAX_NGRAM) {
    throw state.unsupported('ngram_range', `n-grams of up to ${MAX_NGRAM}`, max);
  }
  return [min, max];
}

function readTokenPattern(state: EstimatorState): (text: string) => string[] {
  const source = state.string('token_pattern');
  if (DEFAULT_PATTERNS.includes(source)) {
    return words;
  }
  const pattern = compileTokenPattern(source);
  if (pattern === null) {
    throw state.unsupported(
      'token_pattern',
      'patterns without look-around, back-references, flags, named groups and empty matches',
      source,
    );
  }
  return (text) => findTokens(pattern, text);
}

function readStopWords(state: EstimatorState): ReadonlySet<string> | null {
  const value = state.optional('stop_words') ?? null;
  if (value === null) {
    return null;
  }
  if (value === 'english') {
    return ENGLISH_STOP_WORDS;
  }
  if (typeof value === 'string') {
    throw state.unsupported('stop_words', "None, 'english', a list of words", value);
  }
  return new Set(readStrings(state, 'stop_words', value));
}

/** Items of a list, tuple, set or array of strings. */
function readStrings(state: EstimatorState, attribute: string, value: Inert): readonly string[] {
  const items = isSet(value) ? value.items : state.list(attribute);
  return items.map((item) => {
    const text = plain(item);
    if (typeof text !== 'string') {
      throw state.wrong(attribute, 'strings', text);
    }
    return text;
  });
}

function isSet(value: Inert): value is Extract<Inert, { readonly kind: 'set' }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'set';
}

/** Columns by term. */
export interface Vocabulary {
  readonly columns: ReadonlyMap<string, number>;
  readonly size: number;
}

/**
 * Reads `vocabulary_` (term → column). A vectorizer that was given a vocabulary and never fitted has only `vocabulary`:
 * a dict, a list in the order of columns, or a set, which scikit-learn sorts. Throws LL4003 for a column out of range.
 */
export function readVocabulary(state: EstimatorState): Vocabulary {
  const attribute =
    state.has('vocabulary_') || (state.optional('vocabulary') ?? null) === null
      ? 'vocabulary_'
      : 'vocabulary';
  const value = state.value(attribute);
  const entries = dictEntries(value);
  if (entries === null) {
    if (attribute === 'vocabulary' && (isList(value) || isSet(value))) {
      const terms = readStrings(state, attribute, value);
      return vocabularyOf(isSet(value) ? [...terms].sort(byCodePoint) : terms);
    }
    throw state.wrong(attribute, 'a dict of terms and columns', value);
  }
  const columns = new Map<string, number>();
  for (const [term, item] of entries) {
    const column = plain(item);
    if (typeof term !== 'string') {
      throw state.wrong(attribute, 'terms that are strings', term);
    }
    if (typeof column !== 'number' || !Number.isInteger(column) || column < 0 || column >= entries.length) {
      throw state.wrong(attribute, `columns from 0 to ${entries.length - 1}`, column, describe(column));
    }
    columns.set(term, column);
  }
  return { columns, size: entries.length };
}

function vocabularyOf(terms: readonly string[]): Vocabulary {
  return { columns: new Map(terms.map((term, column) => [term, column])), size: terms.length };
}

/** Python's order of strings; JavaScript's own is by UTF-16 unit. */
function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (char) => char.codePointAt(0)!);
  const right = Array.from(b, (char) => char.codePointAt(0)!);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) {
      return left[i]! - right[i]!;
    }
  }
  return left.length - right.length;
}
