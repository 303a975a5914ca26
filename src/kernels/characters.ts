/**
 * Classes of characters as Python's `str` and `re` see them, by code point. Compared with CPython 3.10 to 3.13 over all
 * assigned code points: no difference but for characters that one side's Unicode version does not know yet.
 */

const WORD = /[\p{L}\p{N}_]/u;
const DIGIT = /\p{Nd}/u;
const MARK = /\p{M}/u;
const BASIC = 0x10000;

/** Answers for the basic plane, filled as characters are met: 0 not asked yet, 1 no, 2 yes. */
const wordCache = new Uint8Array(BASIC);
const markCache = new Uint8Array(BASIC);

/** Whether `\w` matches: letters, numbers of any kind and the underscore, but no combining marks. */
export function isWord(codePoint: number): boolean {
  return cached(wordCache, codePoint, testWord);
}

/** Whether `\d` matches: decimal digits of any script. */
export function isDigit(codePoint: number): boolean {
  return codePoint < 0x80
    ? codePoint >= 0x30 && codePoint <= 0x39
    : DIGIT.test(String.fromCodePoint(codePoint));
}

/** Whether `\s` matches and `str.split` cuts: unlike JavaScript's, with U+001C to U+001F and U+0085, without U+FEFF. */
export function isSpace(codePoint: number): boolean {
  if (codePoint < 0x80) {
    return (
      codePoint === 0x20 ||
      (codePoint >= 0x09 && codePoint <= 0x0d) ||
      (codePoint >= 0x1c && codePoint <= 0x1f)
    );
  }
  switch (codePoint) {
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
      return true;
    default:
      return codePoint >= 0x2000 && codePoint <= 0x200a;
  }
}

/**
 * Whether `unicodedata.combining` is not zero, for a character of a string in NFKD. JavaScript does not tell the class,
 * but normalization shows it: a mark of classes 1 to 239 is sorted before U+0345, whose class 240 is the highest.
 */
export function isCombining(codePoint: number): boolean {
  return cached(markCache, codePoint, testCombining);
}

function cached(cache: Uint8Array, codePoint: number, test: (codePoint: number) => boolean): boolean {
  if (codePoint >= BASIC) {
    return test(codePoint);
  }
  const known = cache[codePoint]!;
  if (known !== 0) {
    return known === 2;
  }
  const answer = test(codePoint);
  cache[codePoint] = answer ? 2 : 1;
  return answer;
}

function testWord(codePoint: number): boolean {
  return WORD.test(String.fromCodePoint(codePoint));
}

function testCombining(codePoint: number): boolean {
  const char = String.fromCodePoint(codePoint);
  return codePoint === 0x345 || (MARK.test(char) && !`\u0345${char}`.normalize('NFD').startsWith('\u0345'));
}
