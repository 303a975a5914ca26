/** `model.pkl.dvc`, or a path that DVC tracks: from the work tree, DVC's cache or a remote, whichever has it. */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { cannotWrite } from '../../config/write-whole.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { each } from '../../net/each.ts';
import type { Timing } from '../../net/retry.ts';
import { type Cache, digest } from '../cache.ts';
import { defaultName } from '../default-name.ts';
import type { ModelReference } from '../reference.ts';
import type { Source, Work } from '../types.ts';
import { readDvcConfig } from './config.ts';
import { type FolderFile, parseManifest } from './manifest.ts';
import { type DvcObject, folderPlace, type Place, remotePlace, WORK_TREE } from './places.ts';
import { findTracked, type Tracked } from './tracked.ts';

export type DvcReference = Extract<ModelReference, { kind: 'dvc' }>;

export interface DvcContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loadline's own: nothing is ever written into the DVC repository. */
  readonly cache: () => Promise<Cache>;
  /** What a relative path starts from; the process's by default. */
  readonly cwd?: string;
  /** Patience and pauses; tests have other ones. */
  readonly timing?: Partial<Timing>;
}

const VERSION_DIGITS = 12;
/** Files of a folder that are fetched at a time. */
const AT_A_TIME = 4;

/**
 * Looks at the .dvc file or dvc.lock again at every `find`, so it follows what `git pull` brings. The version is the first
 * 12 digits of the md5. `find` throws LL7012 and LL1006; `fetch` also LL7005 for a folder without an MLmodel, LL7006 where
 * the only content there is has another md5, LL7007 and LL1007.
 */
export function dvcSource(reference: DvcReference, context: DvcContext): Source {
  const path = resolve(context.cwd ?? process.cwd(), reference.path);
  return {
    reference,
    moves: true,
    async find() {
      const tracked = trackedAt(path, reference.path);
      return {
        name: defaultName(join(tracked.path, tracked.inside)),
        version: tracked.md5.slice(0, VERSION_DIGITS),
        identity: tracked.md5,
        uri: reference.path,
      };
    },
    async fetch(found, work) {
      const tracked = trackedAt(path, reference.path);
      if (tracked.md5 !== found.identity) {
        throw new LoadlineError(
          'LL7012',
          `Cannot get ${reference.path} from DVC: expected md5 ${found.identity}, found ${tracked.md5} in ${tracked.pointer}`,
          { where: tracked.pointer, fix: 'The file changed meanwhile: look it up again.' },
        );
      }
      return { ...found, path: await bringTracked(tracked, context, work) };
    },
  };
}

function trackedAt(path: string, given: string): Tracked {
  const tracked = findTracked(path);
  if (tracked === null) {
    throw new LoadlineError(
      'LL7012',
      `Cannot get ${given} from DVC: no .dvc file and no dvc.lock in a folder above names it`,
      {
        where: given,
        fix: 'Check the path, and that its folder is in a DVC repository; `dvc add` tracks a file.',
      },
    );
  }
  return tracked;
}

/** The file or folder in our own cache, brought there at the first call. */
async function bringTracked(tracked: Tracked, context: DvcContext, work: Work): Promise<string> {
  const { pointer, path, md5, isFolder, legacy, inside } = tracked;
  const wanted = join(path, inside);
  const name = defaultName(wanted);
  const entry = {
    model: `${name}-${digest(`${pointer}\0${wanted}`)}`,
    label: `${name}-${md5.slice(0, VERSION_DIGITS)}`,
    // Two files that differ in their line ends alone are one to DVC 2.
    identity: `${md5} ${legacy ? 'dos2unix' : 'md5'}`,
  };
  const folder = await (await context.cache()).ensure(entry, async (place) => {
    const to = join(place.files, basename(wanted));
    const shelves = openShelves(tracked, context);
    try {
      await (isFolder
        ? bringFolder(tracked, to, join(place.parts, 'list.json'), shelves, work)
        : bringFile(tracked, to, shelves, work));
    } finally {
      shelves.close();
    }
  });
  return join(folder, basename(wanted));
}

/** Where objects are looked for, in this order; the remote is opened only when it is needed. */
interface Shelves {
  readonly near: readonly Place[];
  /** Null where no default is set. Throws LL7012. */
  readonly remote: () => Place | null;
  close(): void;
}

function openShelves({ root, remote }: Tracked, { env, timing }: DvcContext): Shelves {
  const config = readDvcConfig(root, env);
  let opened: (Place & { close(): void }) | null = null;
  return {
    near: [WORK_TREE, folderPlace('the cache', config.cache)],
    remote() {
      const settings = opened === null ? config.remote(remote) : null;
      if (settings !== null) {
        opened = remotePlace(settings, timing === undefined ? { env } : { env, timing });
      }
      return opened;
    },
    close() {
      opened?.close();
    },
  };
}

async function bringFile(tracked: Tracked, to: string, shelves: Shelves, work: Work): Promise<void> {
  const { md5, legacy, size, path } = tracked;
  const name = basename(path);
  await bring(
    { md5, isManifest: false, size, legacy, workFile: path },
    name,
    to,
    shelves,
    work,
    meter(name, size, work),
  );
}

async function bringFolder(
  tracked: Tracked,
  to: string,
  list: string,
  shelves: Shelves,
  work: Work,
): Promise<void> {
  const { md5, legacy, path, inside } = tracked;
  const name = basename(path);
  const manifest: DvcObject = { md5, isManifest: true, size: null, legacy, workFile: null };
  await bring(manifest, `the list of files of ${name}`, list, shelves, work, () => {});
  const files = parseManifest(await readFile(list, 'utf8'), name);
  const wanted = below(files, inside);
  const isFile = wanted.length === 1 && wanted[0]?.path === '';
  if (!isFile && !wanted.some((file) => file.path === 'MLmodel')) {
    throw wanted.length === 0
      ? new LoadlineError('LL7012', `Cannot get ${join(path, inside)} from DVC: ${name} has no such file`, {
          where: tracked.pointer,
          fix: `It has ${files.length} files, among them ${files
            .slice(0, 5)
            .map((file) => file.path)
            .join(', ')}.`,
        })
      : new LoadlineError(
          'LL7005',
          `Cannot use ${join(path, inside)}: it is a folder without an MLmodel, of ${wanted.length} files`,
          { where: tracked.pointer, fix: 'Give the path of the model file in it.' },
        );
  }
  const onBytes = meter(name, inside === '' ? tracked.size : null, work);
  await each(wanted, AT_A_TIME, async (file) => {
    const target = join(to, file.path);
    await makeFolder(dirname(target));
    await bring(
      { md5: file.md5, isManifest: false, size: null, legacy, workFile: join(path, inside, file.path) },
      join(name, inside, file.path),
      target,
      shelves,
      work,
      onBytes,
    );
  });
}

/** The files of a folder below a path, by their path from there; one whose path is empty is what was asked for itself. */
function below(files: readonly FolderFile[], inside: string): readonly FolderFile[] {
  if (inside === '') {
    return files;
  }
  const file = files.find(({ path }) => path === inside);
  return file !== undefined
    ? [{ ...file, path: '' }]
    : files
        .filter(({ path }) => path.startsWith(`${inside}/`))
        .map(({ path, md5 }) => ({ path: path.slice(inside.length + 1), md5 }));
}

/** Asks one place after the other. Throws LL7012 with all that were asked, LL7006 where one has other content. */
async function bring(
  object: DvcObject,
  label: string,
  to: string,
  shelves: Shelves,
  work: Work,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const looked: string[] = [];
  let isDamaged = false;
  let fix: string | undefined;
  const ask = async (place: Place): Promise<boolean> => {
    work.signal.throwIfAborted();
    const outcome = await place.bring(object, { file: to, signal: work.signal, onBytes });
    if (outcome.kind === 'whole') {
      return true;
    }
    isDamaged ||= outcome.kind === 'damaged';
    looked.push(`${place.label} ${outcome.why}`);
    return false;
  };
  for (const place of shelves.near) {
    if (await ask(place)) {
      return;
    }
  }
  try {
    const remote = shelves.remote();
    if (remote === null) {
      looked.push('no default remote is set');
      fix = 'Set one with `dvc remote default NAME`, or run `dvc pull -r NAME`.';
    } else if (await ask(remote)) {
      return;
    }
  } catch (error) {
    if (!isLoadlineError(error) || error.code !== 'LL7012') {
      throw error;
    }
    looked.push(error.message);
    fix = error.fix;
  }
  const message = `Cannot get ${label} (md5 ${object.md5}) from DVC: ${looked.join('; ')}`;
  if (isDamaged) {
    throw new LoadlineError('LL7006', message, {
      fix: 'Remove the damaged file and run `dvc pull`, or `dvc add` and `dvc push` the model once more.',
    });
  }
  throw new LoadlineError('LL7012', message, fix === undefined ? {} : { fix });
}

function meter(label: string, total: number | null, work: Work): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    work.onProgress(label, done, total);
  };
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}
