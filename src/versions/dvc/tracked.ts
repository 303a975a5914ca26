/** What DVC says of a path: the .dvc files and dvc.lock files of a repository. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { parseDocument } from 'yaml';
import { isLoadlineError, LoadlineError } from '../../errors.ts';

/** A file or folder that DVC keeps. */
export interface Tracked {
  /** Folder that has `.dvc`. */
  readonly root: string;
  /** The .dvc file or dvc.lock that names it. */
  readonly pointer: string;
  /** Where DVC puts it in the work tree, absolute. */
  readonly path: string;
  /** 32 hex digits: of the file, or of the folder's manifest. */
  readonly md5: string;
  readonly isFolder: boolean;
  /** Bytes of the file; of a folder all its files'. Null where it does not say. */
  readonly size: number | null;
  /** Written by DVC 2: objects lie elsewhere, and text is hashed with its line ends made equal. */
  readonly legacy: boolean;
  /** Remote of this one alone; null for the default. */
  readonly remote: string | null;
  /** What is asked for below a tracked folder, with `/`; empty for all of it. */
  readonly inside: string;
}

/** An output as it stands in a .dvc file or dvc.lock, all scalars as text. */
type Entry = Readonly<Record<string, unknown>>;

/** A .dvc file has a few lines; the dvc.lock of thousands of stages some MB. */
const MAX_POINTER_BYTES = 16 * 2 ** 20;

/** Whether DVC tracks a path, or it is a .dvc file itself. What cannot be read tracks nothing. */
export function isTracked(path: string): boolean {
  if (isFile(path) && path.endsWith('.dvc')) {
    return true;
  }
  try {
    return findTracked(path) !== null;
  } catch (error) {
    if (isLoadlineError(error)) {
      return isFile(`${path}.dvc`);
    }
    throw error;
  }
}

/**
 * What DVC tracks at a path: that of a .dvc file, of `PATH.dvc`, or of the dvc.lock in a folder above it; the path may also
 * lie inside a tracked folder. Null where nothing tracks it. Throws LL7012 for a file that is not as DVC writes it.
 */
export function findTracked(path: string): Tracked | null {
  const wanted = resolve(path);
  const root = rootOf(wanted);
  if (root === null) {
    return null;
  }
  if (wanted.endsWith('.dvc') && isFile(wanted)) {
    const entries = readDvcFile(wanted);
    const [entry] = entries;
    if (entry === undefined || entries.length > 1) {
      throw cannotRead(wanted, `it names ${entries.length} outputs, expected 1`);
    }
    return trackedOf(root, wanted, entry, '');
  }
  for (let at = wanted; at !== root; at = dirname(at)) {
    const pointer = `${at}.dvc`;
    const found =
      (isFile(pointer) ? pick(root, pointer, readDvcFile(pointer), wanted) : null) ??
      pickFromLock(root, join(dirname(at), 'dvc.lock'), wanted);
    if (found !== null) {
      return found;
    }
  }
  return null;
}

/** The nearest folder above a path that has `.dvc`. */
function rootOf(path: string): string | null {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (statSync(join(at, '.dvc'), { throwIfNoEntry: false })?.isDirectory()) {
      return at;
    }
    if (at === dirname(at)) {
      return null;
    }
  }
}

interface Output {
  /** Absolute. */
  readonly path: string;
  readonly entry: Entry;
}

function readDvcFile(pointer: string): readonly Output[] {
  const { wdir, outs } = readYaml(pointer);
  return outputsOf(join(dirname(pointer), text(wdir) ?? '.'), outs);
}

function pickFromLock(root: string, pointer: string, wanted: string): Tracked | null {
  if (!isFile(pointer)) {
    return null;
  }
  const { stages } = readYaml(pointer);
  const folders = workFolders(join(dirname(pointer), 'dvc.yaml'));
  for (const [name, stage] of Object.entries(record(stages))) {
    // A stage made by `foreach` or `matrix` is called name@item.
    const folder = folders.get(name.split('@')[0] ?? name) ?? '.';
    const found = pick(root, pointer, outputsOf(join(dirname(pointer), folder), record(stage).outs), wanted);
    if (found !== null) {
      return found;
    }
  }
  return null;
}

/** Paths in dvc.lock count from where the stage runs, and only dvc.yaml says where that is. */
function workFolders(path: string): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  if (isFile(path)) {
    for (const [name, stage] of Object.entries(record(readYaml(path).stages))) {
      const wdir = text(record(stage).wdir) ?? text(record(record(stage).do).wdir);
      if (wdir !== null) {
        folders.set(name, wdir);
      }
    }
  }
  return folders;
}

function outputsOf(folder: string, outs: unknown): readonly Output[] {
  return (Array.isArray(outs) ? outs : []).flatMap((out: unknown) => {
    const entry = record(out);
    const path = text(entry.path);
    return path === null ? [] : [{ path: resolve(folder, path), entry }];
  });
}

/** The output that is `wanted`, or the tracked folder that it lies in. */
function pick(root: string, pointer: string, outputs: readonly Output[], wanted: string): Tracked | null {
  for (const output of outputs) {
    const inside = relative(output.path, wanted);
    const isBelow = inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
    if (inside === '' || (isBelow && text(output.entry.md5)?.endsWith('.dir'))) {
      return trackedOf(root, pointer, output, inside.split(sep).join('/'));
    }
  }
  return null;
}

function trackedOf(root: string, pointer: string, { path, entry }: Output, inside: string): Tracked {
  const hash = text(entry.hash);
  if (hash !== null && hash !== 'md5') {
    throw cannotRead(pointer, `${path} is tracked by "${hash}", expected md5`);
  }
  const md5 = text(entry.md5)?.toLowerCase() ?? '';
  // It becomes part of paths and addresses.
  const match = /^([0-9a-f]{32})(\.dir)?$/.exec(md5);
  if (match === null) {
    throw cannotRead(
      pointer,
      md5 === ''
        ? `${path} has no md5 yet (\`dvc commit\` or \`dvc repro\` gives it one)`
        : `the md5 of ${path} is ${JSON.stringify(md5)}, expected 32 hex digits`,
    );
  }
  const size = text(entry.size);
  return {
    root,
    pointer,
    path,
    md5: match[1] ?? '',
    isFolder: match[2] !== undefined,
    size: size !== null && /^\d+$/.test(size) ? Number(size) : null,
    legacy: hash === null,
    remote: text(entry.remote),
    inside,
  };
}

/** Scalars stay text: an md5 of digits alone, or with one "e" among them, would become a number. */
function readYaml(path: string): Entry {
  let content: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_POINTER_BYTES) {
      throw cannotRead(path, `it has ${size} bytes, the limit is ${MAX_POINTER_BYTES}`);
    }
    content = readFileSync(path, 'utf8');
  } catch (cause) {
    throw isLoadlineError(cause)
      ? cause
      : new LoadlineError('LL1006', `Cannot read ${path}: ${(cause as Error).message}`, {
          where: path,
          cause,
        });
  }
  const document = parseDocument(content, { schema: 'failsafe' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw cannotRead(path, error.message.split('\n')[0]?.replace(/:$/, '') ?? 'it is not YAML');
  }
  try {
    return record(document.toJS({ maxAliasCount: 100 }));
  } catch (cause) {
    throw cannotRead(path, (cause as Error).message);
  }
}

function cannotRead(path: string, found: string): LoadlineError {
  return new LoadlineError('LL7012', `Cannot read ${path}: ${found}`, {
    where: path,
    fix: 'Bring the file back to what DVC wrote (`git status` shows what changed it), or run `dvc add` again.',
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function record(value: unknown): Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
