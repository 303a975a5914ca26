/** Bills of materials wait beside the images until they are pushed, by the digest of what they describe. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolder, writeState } from '../config/state.ts';
import type { Digest } from './reference.ts';

type Env = Readonly<Record<string, string | undefined>>;

function sbomPath(digest: Digest, env: Env): string {
  return join(stateFolder(env), 'sboms', `${digest.replace(':', '-')}.cdx.json`);
}

/** Keeps the bill of an image. Throws LL1007 when it cannot be written. */
export async function keepSbom(digest: Digest, bytes: Buffer, env: Env): Promise<void> {
  await writeState(sbomPath(digest, env), bytes);
}

/** The bill of an image, or null when none was asked for. */
export async function keptSbom(digest: Digest, env: Env): Promise<Buffer | null> {
  try {
    return await readFile(sbomPath(digest, env));
  } catch {
    return null;
  }
}
