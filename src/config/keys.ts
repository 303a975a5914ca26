/** API keys: who may ask, and how often. */
import { createHash, hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { LoadlineError } from '../errors.ts';

export interface ApiKey {
  /** What the metrics call it. */
  readonly name: string;
  readonly key: string;
}

/** A shorter key could be guessed by trying. */
const MIN_KEY_LENGTH = 8;

/**
 * Reads keys from text: `name:key` or a key alone, which is then called `key1`, `key2`, … by its place; separated by
 * commas or line ends, lines that start with # are comments. Throws LL1005 without quoting a key.
 */
export function parseKeys(text: string, source: string): readonly ApiKey[] {
  const entries = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const names = new Set<string>();
  return entries.map((entry, i) => {
    const colon = entry.indexOf(':');
    const name = colon < 0 ? `key${i + 1}` : entry.slice(0, colon);
    const key = entry.slice(colon + 1);
    if (!/^[\w.-]{1,64}$/.test(name)) {
      throw new LoadlineError(
        'LL1005',
        `Cannot read key ${i + 1} of ${source}: its name may have letters, digits, "_", "." and "-" only, at most 64`,
      );
    }
    if (names.has(name)) {
      throw new LoadlineError(
        'LL1005',
        `Cannot read key ${i + 1} of ${source}: the name "${name}" is there twice`,
      );
    }
    names.add(name);
    if (key.length < MIN_KEY_LENGTH || !/^[\x21-\x7e]+$/.test(key)) {
      throw new LoadlineError(
        'LL1005',
        `Cannot read key "${name}" of ${source}: expected at least ${MIN_KEY_LENGTH} visible ASCII characters, found ${key.length}`,
      );
    }
    return { name, key };
  });
}

export interface Keyring {
  readonly names: readonly string[];
  /** Index of the key in an Authorization header, or −1. Takes as long for any key of one length. */
  find(authorization: string | undefined): number;
  /** Takes one request from the key's rate; gives the seconds until there is one again, 0 when it was taken. */
  take(key: number): number;
}

/**
 * Makes a keyring. `ratePerSecond` is a token bucket per key and process that holds one second's worth, so that a client
 * may send its second in one burst; null is no limit.
 */
export function createKeyring(keys: readonly ApiKey[], ratePerSecond: number | null, clock: Clock): Keyring {
  const digests = keys.map(({ key }) => createHash('sha256').update(key).digest());
  const capacity = Math.max(1, ratePerSecond ?? 0);
  const tokens = new Float64Array(keys.length).fill(capacity);
  const filledAt = new Float64Array(keys.length).fill(clock.now());
  return {
    names: keys.map(({ name }) => name),
    find(authorization) {
      const presented = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
      if (presented === undefined) {
        return -1;
      }
      // Digests have one length, and every one of them is compared: neither length nor place shows in the time.
      const digest = hash('sha256', presented, 'buffer');
      let found = -1;
      for (let i = 0; i < digests.length; i++) {
        if (timingSafeEqual(digest, digests[i]!)) {
          found = i;
        }
      }
      return found;
    },
    take(key) {
      if (ratePerSecond === null) {
        return 0;
      }
      const now = clock.now();
      const filled = Math.min(capacity, tokens[key]! + ((now - filledAt[key]!) / 1000) * ratePerSecond);
      filledAt[key] = now;
      tokens[key] = filled >= 1 ? filled - 1 : filled;
      return filled >= 1 ? 0 : (1 - filled) / ratePerSecond;
    },
  };
}

/** Whether an address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Throws LL1004 for an address that others can reach without a key. */
export function checkExposure(options: {
  /** Default: loopback. */
  readonly host?: string;
  readonly keys?: readonly ApiKey[];
  readonly allowAnonymous?: boolean;
}): void {
  const { host = 'localhost', keys = [], allowAnonymous = false } = options;
  if (!isLoopback(host) && keys.length === 0 && !allowAnonymous) {
    throw new LoadlineError(
      'LL1004',
      `Cannot listen on ${host} without API keys: others can reach this address`,
    );
  }
}
