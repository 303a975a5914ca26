/** Bills of materials wait beside the images until they are pushed, by the digest of what they describe. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadlineError } from '../errors.ts';
import type { Digest } from './reference.ts';
import { stateFolder } from './state.ts';

type Env = Readonly<Record<string, string | undefined>>;

function sbomPath(digest: Digest, env: Env): string {
  return join(stateFolder(env), 'sboms', `${digest.replace(':', '-')}.cdx.json`);
}

/** Keeps the bill of an image. Throws LL1007 when it cannot be written. */
export async function keepSbom(digest: Digest, bytes: Buffer, env: Env): Promise<void> {
  await writeWhole(sbomPath(digest, env), bytes);
}

/** The bill of an image, or null when none was asked for. */
export async function keptSbom(digest: Digest, env: Env): Promise<Buffer | null> {
  try {
    return await readFile(sbomPath(digest, env));
  } catch {
    return null;
  }
}

/** Writes a file that is there as a whole or not at all. Throws LL1007. */
export async function writeWhole(path: string, bytes: Buffer | string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LoadlineError('LL1007', `Cannot write ${path}: ${reason}`, { where: path, cause });
  }
}
