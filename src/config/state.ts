/** Where Loadline keeps what it must not lose: images built without an engine, and which images passed their test. */
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { cannotWrite, writeWhole } from './write-whole.ts';

/** `$XDG_STATE_HOME/loadline`, by default `~/.local/state/loadline` (XDG Base Directory Specification 0.8). */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'loadline');
}

/** The OCI layout of images built without an engine, with the base layers they stand on. */
export function imagesFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(stateFolder(env), 'images');
}

/** Writes a file of the state, and makes its folder. Throws LL1007. */
export async function writeState(path: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  await writeWhole(path, bytes);
}
