/**
 * Token patterns: the part of Python's `re` that is a regular language, found without risk. A pattern comes from a
 * model file and runs on a stranger's text, so it never reaches a backtracking engine: `findTokens` remembers every
 * (instruction, position) it has tried and never tries one twice, which bounds the work by the length of the program
 * times the length of the text whatever both are, with the results of Python's leftmost search in order of preference.
 * Left out, because they break that bound or are not used for tokens: look-around, back-references, conditionals,
 * possessive and atomic groups, named groups, flags other than (?u), repeats of what may be empty, and patterns that
 * match the empty string.
 */
import { isDigit, isSpace, isWord } from './characters.ts';

/** Instructions of a compiled pattern; a char set takes one character, the others take none. */
const OP = { set: 0, split: 1, jump: 2, assert: 3, save: 4, match: 5 } as const;

type Assertion = 'start' | 'end' | 'end-or-last-newline' | 'boundary' | 'not-boundary';

/** Classes by letter, with Python's meaning for text. */
const CLASSES: Readonly<Record<string, (codePoint: number) => boolean>> = {
  w: isWord,
  d: isDigit,
  s: isSpace,
};

interface CharSet {
  readonly negated: boolean;
  /** Inclusive ranges of code points. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly tests: readonly ((codePoint: number) => boolean)[];
  /** Answers for ASCII. */
  readonly ascii: Uint8Array;
}

type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'group'; readonly body: Node }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  | {
      readonly kind: 'repeat';
      readonly body: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

/** A compiled pattern. */
export interface TokenPattern {
  readonly ops: Uint8Array;
  /** For `set` and `assert` the index of what is tested, for `split` the preferred target, for `jump` the target, for `save` the slot. */
  readonly a: Int32Array;
  /** For `split` the other target. */
  readonly b: Int32Array;
  readonly sets: readonly CharSet[];
  readonly assertions: readonly Assertion[];
  /** Whether a group is captured: then it is the token. */
  readonly captures: boolean;
}

/** Instructions a pattern may come to: repeats are written out, real patterns stay below a hundred, and each takes a bit of memory per character of text. */
const MAX_PROGRAM = 512;
/** Groups within groups: bounds the recursion of the parser. */
const MAX_DEPTH = 50;

class UnsupportedPattern extends Error {}

/** Compiles a pattern; gives null where it is outside what is supported. */
export function compileTokenPattern(source: string): TokenPattern | null {
  try {
    const { node, captures } = new Parser(source).parse();
    if (nullable(node)) {
      return null;
    }
    return emit(node, captures);
  } catch (error) {
    if (error instanceof UnsupportedPattern) {
      return null;
    }
    throw error;
  }
}

/** All matches from left to right, not overlapping, as `re.findall`: the group where there is one ('' when it took no part), else the whole match. */
export function findTokens(pattern: TokenPattern, text: string): string[] {
  const out: string[] = [];
  const wordsPerPosition = (pattern.ops.length + 31) >> 5;
  const search: Search = {
    pattern,
    text,
    wordsPerPosition,
    tried: new Int32Array((text.length + 1) * wordsPerPosition),
    stack: [],
    groupStart: -1,
    groupEnd: -1,
  };
  let start = 0;
  while (start < text.length) {
    const end = matchAt(search, start);
    if (end < 0) {
      start += text.codePointAt(start)! > 0xffff ? 2 : 1;
      continue;
    }
    out.push(
      pattern.captures
        ? search.groupStart < 0 || search.groupEnd < 0
          ? ''
          : text.slice(search.groupStart, search.groupEnd)
        : text.slice(start, end),
    );
    // What was tried beyond `end` failed and stays so; what was tried at `end` may have been the way to the match.
    search.tried.fill(0, end * wordsPerPosition, (end + 1) * wordsPerPosition);
    start = end;
  }
  return out;
}

interface Search {
  readonly pattern: TokenPattern;
  readonly text: string;
  /** One bit for each instruction at each position. */
  readonly tried: Int32Array;
  readonly wordsPerPosition: number;
  /** Pairs (instruction, position) to go back to; (−1 − slot, old value) undoes a save. */
  readonly stack: number[];
  groupStart: number;
  groupEnd: number;
}

/** End of the preferred match that starts at `start`, or −1. */
function matchAt(search: Search, start: number): number {
  const { pattern, text, tried, wordsPerPosition, stack } = search;
  const { ops, a, b } = pattern;
  search.groupStart = -1;
  search.groupEnd = -1;
  stack.length = 0;
  stack.push(0, start);
  while (stack.length > 0) {
    let position = stack.pop()!;
    let at = stack.pop()!;
    if (at < 0) {
      if (at === -1) {
        search.groupStart = position;
      } else {
        search.groupEnd = position;
      }
      continue;
    }
    while (true) {
      const word = position * wordsPerPosition + (at >> 5);
      const bit = 1 << (at & 31);
      if ((tried[word]! & bit) !== 0) {
        break;
      }
      tried[word]! |= bit;
      const op = ops[at]!;
      if (op === OP.set) {
        if (position >= text.length) {
          break;
        }
        const codePoint = text.codePointAt(position)!;
        if (!inSet(pattern.sets[a[at]!]!, codePoint)) {
          break;
        }
        position += codePoint > 0xffff ? 2 : 1;
        at++;
      } else if (op === OP.split) {
        stack.push(b[at]!, position);
        at = a[at]!;
      } else if (op === OP.jump) {
        at = a[at]!;
      } else if (op === OP.assert) {
        if (!holds(pattern.assertions[a[at]!]!, text, position)) {
          break;
        }
        at++;
      } else if (op === OP.save) {
        if (a[at] === 0) {
          stack.push(-1, search.groupStart);
          search.groupStart = position;
        } else {
          stack.push(-2, search.groupEnd);
          search.groupEnd = position;
        }
        at++;
      } else {
        return position;
      }
    }
  }
  return -1;
}

function inSet(set: CharSet, codePoint: number): boolean {
  return codePoint < 0x80 ? set.ascii[codePoint] === 1 : contains(set, codePoint);
}

function contains(set: Omit<CharSet, 'ascii'>, codePoint: number): boolean {
  for (const [low, high] of set.ranges) {
    if (codePoint >= low && codePoint <= high) {
      return !set.negated;
    }
  }
  for (const test of set.tests) {
    if (test(codePoint)) {
      return !set.negated;
    }
  }
  return set.negated;
}

function holds(assertion: Assertion, text: string, position: number): boolean {
  switch (assertion) {
    case 'start':
      return position === 0;
    case 'end':
      return position === text.length;
    case 'end-or-last-newline':
      return position === text.length || (position === text.length - 1 && text[position] === '\n');
    case 'boundary':
      return wordBefore(text, position) !== wordAfter(text, position);
    case 'not-boundary':
      return text !== '' && wordBefore(text, position) === wordAfter(text, position);
  }
}

function wordAfter(text: string, position: number): boolean {
  return position < text.length && isWord(text.codePointAt(position)!);
}

function wordBefore(text: string, position: number): boolean {
  if (position === 0) {
    return false;
  }
  const unit = text.charCodeAt(position - 1);
  const low = unit >= 0xdc00 && unit <= 0xdfff && position > 1;
  const codePoint = low ? text.codePointAt(position - 2)! : unit;
  return isWord(low && codePoint <= 0xffff ? unit : codePoint);
}

function charSet(
  ranges: readonly (readonly [number, number])[],
  tests: readonly ((codePoint: number) => boolean)[],
  negated: boolean,
): CharSet {
  const ascii = new Uint8Array(128);
  const set = { negated, ranges, tests };
  for (let codePoint = 0; codePoint < 128; codePoint++) {
    ascii[codePoint] = contains(set, codePoint) ? 1 : 0;
  }
  return { ...set, ascii };
}

/** Whether a node can match without taking a character. */
function nullable(node: Node): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'empty':
    case 'assert':
      return true;
    case 'group':
      return nullable(node.body);
    case 'sequence':
      return node.items.every(nullable);
    case 'choice':
      return node.items.some(nullable);
    case 'repeat':
      return node.min === 0 || nullable(node.body);
  }
}

/** Writes the program; targets are absolute. */
function emit(root: Node, captures: boolean): TokenPattern {
  const code: { op: number; a: number; b: number }[] = [];
  const sets: CharSet[] = [];
  const assertions: Assertion[] = [];

  function add(op: number, a = 0, b = 0): number {
    if (code.length >= MAX_PROGRAM) {
      throw new UnsupportedPattern();
    }
    return code.push({ op, a, b }) - 1;
  }

  /** A split whose targets are set once they are known: `stay` is the way into the body. */
  function aim(split: number, stay: number, leave: number, lazy: boolean): void {
    code[split] = { op: OP.split, a: lazy ? leave : stay, b: lazy ? stay : leave };
  }

  function write(node: Node): void {
    switch (node.kind) {
      case 'empty':
        return;
      case 'set':
        add(OP.set, sets.push(node.set) - 1);
        return;
      case 'assert':
        add(OP.assert, assertions.push(node.assertion) - 1);
        return;
      case 'group':
        add(OP.save, 0);
        write(node.body);
        add(OP.save, 1);
        return;
      case 'sequence':
        node.items.forEach(write);
        return;
      case 'choice': {
        const jumps: number[] = [];
        node.items.forEach((item, i) => {
          const split = i < node.items.length - 1 ? add(OP.split) : -1;
          write(item);
          if (split >= 0) {
            jumps.push(add(OP.jump));
            aim(split, split + 1, code.length, false);
          }
        });
        for (const jump of jumps) {
          code[jump] = { op: OP.jump, a: code.length, b: 0 };
        }
        return;
      }
      case 'repeat':
        writeRepeat(node);
        return;
    }
  }

  function writeRepeat({ body, min, max, lazy }: Extract<Node, { kind: 'repeat' }>): void {
    for (let i = 0; i < min; i++) {
      write(body);
    }
    if (max === Number.POSITIVE_INFINITY) {
      const split = add(OP.split);
      write(body);
      add(OP.jump, split);
      aim(split, split + 1, code.length, lazy);
      return;
    }
    const splits: number[] = [];
    for (let i = min; i < max; i++) {
      splits.push(add(OP.split));
      write(body);
    }
    for (const split of splits) {
      aim(split, split + 1, code.length, lazy);
    }
  }

  write(root);
  add(OP.match);
  return {
    ops: Uint8Array.from(code, ({ op }) => op),
    a: Int32Array.from(code, ({ a }) => a),
    b: Int32Array.from(code, ({ b }) => b),
    sets,
    assertions,
    captures,
  };
}

const DOT = charSet([[0x0a, 0x0a]], [], true);

const CONTROL: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d, a: 0x07 };

/** Recursive descent over Python's syntax; throws UnsupportedPattern for what is left out or not valid. */
class Parser {
  private readonly chars: readonly string[];
  private at = 0;
  private groups = 0;
  private depth = 0;

  constructor(source: string) {
    this.chars = Array.from(source);
  }

  parse(): { readonly node: Node; readonly captures: boolean } {
    if (this.chars.slice(0, 4).join('') === '(?u)') {
      this.at = 4;
    }
    const node = this.choice();
    if (this.at < this.chars.length) {
      throw new UnsupportedPattern();
    }
    return { node, captures: this.groups === 1 };
  }

  private choice(): Node {
    const items = [this.sequence()];
    while (this.take('|')) {
      items.push(this.sequence());
    }
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  private sequence(): Node {
    const items: Node[] = [];
    while (this.at < this.chars.length && this.peek() !== '|' && this.peek() !== ')') {
      items.push(this.repeated(this.atom()));
    }
    return items.length === 0 ? { kind: 'empty' } : { kind: 'sequence', items };
  }

  private repeated(body: Node): Node {
    const bounds = this.bounds();
    if (bounds === null) {
      return body;
    }
    const [min, max] = bounds;
    const lazy = this.take('?');
    if (nullable(body) || this.peek() === '*' || this.peek() === '+' || this.peek() === '?' || max < min) {
      throw new UnsupportedPattern();
    }
    return { kind: 'repeat', body, min, max, lazy };
  }

  /** A quantifier, or null; a brace that is no quantifier is a literal in Python and stays where it is. */
  private bounds(): readonly [number, number] | null {
    if (this.take('*')) {
      return [0, Number.POSITIVE_INFINITY];
    }
    if (this.take('+')) {
      return [1, Number.POSITIVE_INFINITY];
    }
    if (this.take('?')) {
      return [0, 1];
    }
    if (this.peek() !== '{') {
      return null;
    }
    const end = this.chars.indexOf('}', this.at);
    const inside = end < 0 ? '' : this.chars.slice(this.at + 1, end).join('');
    const match = /^(\d*)(,?)(\d*)$/.exec(inside);
    if (match === null || inside === '') {
      return null;
    }
    this.at = end + 1;
    const [, low = '', comma = '', high = ''] = match;
    const min = low === '' ? 0 : Number(low);
    const max = comma === '' ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (min > MAX_PROGRAM || (max > MAX_PROGRAM && max !== Number.POSITIVE_INFINITY)) {
      throw new UnsupportedPattern();
    }
    return [min, max];
  }

  private atom(): Node {
    const char = this.next();
    switch (char) {
      case '.':
        return { kind: 'set', set: DOT };
      case '^':
        return { kind: 'assert', assertion: 'start' };
      case '$':
        return { kind: 'assert', assertion: 'end-or-last-newline' };
      case '(':
        return this.group();
      case '[':
        return { kind: 'set', set: this.bracket() };
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw new UnsupportedPattern();
      default:
        return literal(char.codePointAt(0)!);
    }
  }

  private group(): Node {
    const captured = !this.take('?');
    if (!captured && !this.take(':')) {
      throw new UnsupportedPattern();
    }
    if (captured) {
      this.groups++;
    }
    this.depth++;
    if (this.groups > 1 || this.depth > MAX_DEPTH) {
      throw new UnsupportedPattern();
    }
    const body = this.choice();
    this.depth--;
    if (!this.take(')')) {
      throw new UnsupportedPattern();
    }
    return captured ? { kind: 'group', body } : body;
  }

  private escape(): Node {
    const char = this.next();
    switch (char) {
      case 'b':
        return { kind: 'assert', assertion: 'boundary' };
      case 'B':
        return { kind: 'assert', assertion: 'not-boundary' };
      case 'A':
        return { kind: 'assert', assertion: 'start' };
      case 'Z':
        return { kind: 'assert', assertion: 'end' };
    }
    const test = CLASSES[char.toLowerCase()];
    return test === undefined
      ? literal(this.escaped(char))
      : { kind: 'set', set: charSet([], [test], char !== char.toLowerCase()) };
  }

  /** The character that an escape other than a class stands for. */
  private escaped(char: string): number {
    const control = CONTROL[char];
    if (control !== undefined) {
      return control;
    }
    if (char === 'x' || char === 'u') {
      const size = char === 'x' ? 2 : 4;
      const digits = this.chars.slice(this.at, this.at + size).join('');
      if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length !== size) {
        throw new UnsupportedPattern();
      }
      this.at += size;
      return Number.parseInt(digits, 16);
    }
    if (/[0-9A-Za-z]/.test(char)) {
      throw new UnsupportedPattern();
    }
    return char.codePointAt(0)!;
  }

  private bracket(): CharSet {
    const negated = this.take('^');
    const ranges: (readonly [number, number])[] = [];
    const tests: ((codePoint: number) => boolean)[] = [];
    let first = true;
    while (first || this.peek() !== ']') {
      first = false;
      const low = this.member(tests);
      if (this.peek() === '-' && this.chars[this.at + 1] !== ']') {
        this.at++;
        const high = this.member(tests);
        if (low === null || high === null || high < low) {
          throw new UnsupportedPattern();
        }
        ranges.push([low, high]);
      } else if (low !== null) {
        ranges.push([low, low]);
      }
    }
    this.at++;
    return charSet(ranges, tests, negated);
  }

  /** One member of a bracket: its code point, or null when it is a class, which goes to `tests`. */
  private member(tests: ((codePoint: number) => boolean)[]): number | null {
    const char = this.next();
    if (char !== '\\') {
      return char.codePointAt(0)!;
    }
    const escaped = this.next();
    if (escaped === 'b') {
      return 0x08;
    }
    const test = CLASSES[escaped.toLowerCase()];
    if (test === undefined) {
      return this.escaped(escaped);
    }
    tests.push(escaped === escaped.toLowerCase() ? test : (codePoint) => !test(codePoint));
    return null;
  }

  private peek(): string | undefined {
    return this.chars[this.at];
  }

  private take(char: string): boolean {
    if (this.chars[this.at] !== char) {
      return false;
    }
    this.at++;
    return true;
  }

  private next(): string {
    const char = this.chars[this.at];
    if (char === undefined) {
      throw new UnsupportedPattern();
    }
    this.at++;
    return char;
  }
}

function literal(codePoint: number): Node {
  return { kind: 'set', set: charSet([[codePoint, codePoint]], [], false) };
}
