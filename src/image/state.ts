/** Where Loadline keeps what it must not lose: images built without an engine, and which images passed their test. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_STATE_HOME/loadline`, by default `~/.local/state/loadline` (XDG Base Directory Specification 0.8). */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'loadline');
}

/** The OCI layout of images built without an engine, with the base layers they stand on. */
export function imagesFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(stateFolder(env), 'images');
}
