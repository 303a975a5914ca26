/** Tokens of MLflow's filters and orders: the part of SQL that they use. */

export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'operator' | 'list' | 'other';
  /** As it was written; for an operator of words in capitals with single spaces. */
  readonly text: string;
}

/** Words and quoted parts joined by dots: `metrics.rmse`, ``tags.`a b` ``, `params."x"`. */
const NAME = /(?:[\p{L}_][\p{L}\p{N}_]*|`[^`]*`|"[^"]*")(?:\.(?:[\p{L}\p{N}_]+|`[^`]*`|"[^"]*"))*/uy;
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_])/uy;
const TEXT = /'(?:''|\\'|[^'])*'/uy;
const SYMBOL = /!=|<>|<=|>=|==|=|<|>/uy;
/** Operators of words, the longest first. */
const WORDS =
  /(?:is\s+not\s+null|is\s+null|not\s+in|not\s+like|not\s+ilike|in|like|ilike)(?![\p{L}\p{N}_.])/iuy;
const LIST = /\((?:'(?:''|\\'|[^'])*'|"[^"]*"|[^()'"])*\)/uy;
const SPACE = /\s+/uy;
const OTHER = /\S/uy;

const KINDS = [
  ['operator', WORDS],
  ['name', NAME],
  ['number', NUMBER],
  ['text', TEXT],
  ['operator', SYMBOL],
  ['list', LIST],
  ['other', OTHER],
] as const;

/** Splits a filter or an order; every character but space is in some token. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const space = matchAt(SPACE, source, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    for (const [kind, pattern] of KINDS) {
      const found = matchAt(pattern, source, at);
      if (found !== null) {
        tokens.push({ kind, text: pattern === WORDS ? found.toUpperCase().replace(/\s+/g, ' ') : found });
        at += found.length;
        break;
      }
    }
  }
  return tokens;
}

function matchAt(pattern: RegExp, source: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? null;
}
