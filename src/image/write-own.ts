/** Files that Loadline writes for people: it replaces its own, which it knows by their first line, and no one else's. */
import { readFile } from 'node:fs/promises';
import { cannotWrite, writeWhole } from '../config/write-whole.ts';
import { LoadlineError } from '../errors.ts';

/**
 * Writes a text file that is there as a whole or not at all. A file already there is replaced when its first line is the
 * same, or with `force`.
 *
 * @throws LoadlineError LL1007 when the file there is someone else's, or when it cannot be written.
 */
export async function writeOwn(
  path: string,
  text: string,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  if (options.force !== true) {
    await checkOwn(path, firstLine(text));
  }
  // For everyone who may enter its folder.
  await writeWhole(path, text, 0o644);
}

/** Throws LL1007 when there is a file at `path` that does not begin with `marker`. */
export async function checkOwn(path: string, marker: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return;
    }
    throw cannotWrite(path, cause);
  }
  if (firstLine(text) !== marker) {
    throw notOurs(path, `its first line is not "${marker}"`);
  }
}

export function notOurs(path: string, why: string): LoadlineError {
  return new LoadlineError('LL1007', `Will not replace ${path}, which Loadline did not write: ${why}`, {
    where: path,
    fix: 'Move it away, or write into another folder with --output.',
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trimEnd();
}
