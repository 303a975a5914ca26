/** Which requests a canary answers. */

/**
 * Whether the caller with this key is among the `share` of callers that meet the canary: always the same answer for the
 * same key and model, so that nobody changes between two versions. The hash is FNV-1a, 32 bit, with the mixing step of
 * MurmurHash3 after it, because keys that count up differ only in their last digits.
 */
export function isChosen(model: string, key: string, share: number): boolean {
  return hash(`${model}\u0000${key}`) / 2 ** 32 < share;
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
