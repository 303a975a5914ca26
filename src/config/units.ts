/** Numbers with units as people write them: `30s`, `512Mi`. */

const TIME = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const SIZE = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 } as const;

export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
export const SIZE_TEXT = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G|)$/;

/** Milliseconds of `250ms`, `5s`, `2m`, `1h`; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  return match === null ? null : Number(match[1]) * TIME[match[2] as keyof typeof TIME];
}

/** Bytes of `1048576`, `512Ki`, `16Mi`; null for anything else. */
export function parseSize(text: string): number | null {
  const match = SIZE_TEXT.exec(text);
  return match === null ? null : Math.round(Number(match[1]) * SIZE[match[2] as keyof typeof SIZE]);
}

/** The fraction of `10%` or `0.1`, above 0 and below 1; null for anything else. */
export function parseShare(text: string): number | null {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text) ?? [];
  const share = Number(number) / (percent === undefined ? 1 : 100);
  return share > 0 && share < 1 ? share : null;
}
