/** Which images passed their test, by digest: what `loadline push` asks for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeState } from '../../config/state.ts';
import type { Digest } from '../reference.ts';

export interface Pass {
  /** As the image was named. */
  readonly image: string;
  /** Every digest that names what was tested. */
  readonly digests: readonly Digest[];
  /** Time of the test, ISO 8601. */
  readonly when: string;
  /** Version of Loadline that tested. */
  readonly software: string;
  /** Names of the checks that passed. */
  readonly checks: readonly string[];
  /** What could not be checked, and why. */
  readonly unchecked: readonly string[];
}

function passPath(stateFolder: string, digest: Digest): string {
  return join(stateFolder, 'tests', `${digest.replace(':', '-')}.json`);
}

/** Keeps a passed test under each digest of the image. Throws LL1007 when it cannot be written. */
export async function recordPass(stateFolder: string, pass: Pass): Promise<void> {
  const text = `${JSON.stringify({ apiVersion: 'loadline/v1', kind: 'TestPass', ...pass }, null, 2)}\n`;
  for (const digest of pass.digests) {
    await writeState(passPath(stateFolder, digest), text);
  }
}

/** The passed test of an image; null where there is none, and where its record is not one for this digest. */
export async function readPass(stateFolder: string, digest: Digest): Promise<Pass | null> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(passPath(stateFolder, digest), 'utf8'));
  } catch {
    return null;
  }
  const pass = value as Partial<Pass & { kind: string }> | null;
  return pass?.kind === 'TestPass' && Array.isArray(pass.digests) && pass.digests.includes(digest)
    ? (pass as Pass)
    : null;
}
