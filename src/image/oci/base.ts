/** Looks into a base image for the Node.js that is to run the server. */
import { createHash } from 'node:crypto';
import { LoadlineError } from '../../errors.ts';
import { MIN_NODE } from '../plan.ts';
import type { Blobs } from './blobs.ts';
import { readConfig } from './documents.ts';
import { contentOf, type RootfsNode, readRootfs, resolvePath } from './rootfs.ts';
import type { Notes } from './store.ts';
import type { Manifest } from './types.ts';

export interface BaseNode {
  /** Absolute path in the image, as it is found on the PATH. */
  readonly path: string;
  /** `24.1.0`. */
  readonly version: string;
}

/** The PATH that images get: where the container's runtime will look for `node`. */
const FOLDERS = [
  '/nodejs/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];
/** Where Debian has `libnode.so.*`, which is all of Node there: `node` itself only calls it. */
const LIBRARIES = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/lib'];

/**
 * The version as the programs carry it: in the address of its headers (`process.release`), and in what the inspector says
 * of itself. Official builds, NodeSource's, Debian's and those for musl have both.
 */
const VERSION = /(?:\/download\/release\/v(\d+\.\d+\.\d+)\/node-v\1[.-]|node\.js\/v(\d+\.\d+\.\d+)[^\d.])/;
const LIBNODE = /libnode\.so\.\d+/;
/** Longer than any match. */
const OVERLAP = 128;
/** Changes when a base may be judged otherwise; notes of before are not used. */
const FORMAT = 1;

/**
 * Finds `node` on the image's PATH and its version, without running it: bases of other processors can be inspected too.
 * Remembered by the layers where `blobs` takes notes, since it takes seconds.
 *
 * @throws LoadlineError LL6008 when there is none, its version cannot be told, or it is older than MIN_NODE; LL6014, LL6016
 * for layers that cannot be read; LL6017 when aborted.
 */
export async function inspectNode(
  blobs: Blobs & Partial<Notes>,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<BaseNode> {
  const layers = manifest.layers.map((layer) => layer.digest);
  const key = createHash('sha256')
    .update(JSON.stringify([FORMAT, manifest.config.digest, layers]))
    .digest('hex');
  const { path, version } = ((await blobs.recall?.('bases', key)) ?? {}) as Partial<BaseNode>;
  if (typeof path === 'string' && typeof version === 'string') {
    return requireNew({ path, version });
  }
  const found = await findNode(blobs, manifest, signal);
  await blobs.remember?.('bases', key, found);
  return requireNew(found);
}

async function findNode(
  blobs: Blobs,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<BaseNode> {
  const root = await readRootfs(blobs, manifest.layers, { signal });
  for (const folder of FOLDERS) {
    const path = `${folder}/node`;
    const program = resolvePath(root, path);
    // Files that may not be run are passed over, as the system does when it looks a program up.
    if (program?.type === 'file' && (program.mode & 0o001) !== 0) {
      return { path, version: await versionOf(blobs, manifest, root, program, path, signal) };
    }
  }
  throw new LoadlineError(
    'LL6008',
    `The base image has no Node.js: looked for node in ${FOLDERS.join(', ')}`,
  );
}

async function versionOf(
  blobs: Blobs,
  manifest: Manifest,
  root: RootfsNode,
  program: RootfsNode,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const search = (file: RootfsNode, pattern: RegExp): Promise<RegExpExecArray | null> =>
    searchText(contentOf(blobs, manifest.layers, file, signal), pattern);
  const own = await search(program, VERSION);
  const found = own ?? (await searchLibrary(root, program, search));
  const version = found?.[1] ?? found?.[2] ?? (await announcedVersion(blobs, manifest));
  if (version === undefined) {
    throw new LoadlineError(
      'LL6008',
      `Cannot tell the version of the base image's Node.js: ${path} does not say it`,
    );
  }
  return version;
}

async function searchLibrary(
  root: RootfsNode,
  program: RootfsNode,
  search: (file: RootfsNode, pattern: RegExp) => Promise<RegExpExecArray | null>,
): Promise<RegExpExecArray | null> {
  const name = (await search(program, LIBNODE))?.[0];
  for (const folder of name === undefined ? [] : LIBRARIES) {
    // Debian's have a folder for each processor.
    for (const place of ['', ...(resolvePath(root, folder)?.children?.keys() ?? [])]) {
      const library = resolvePath(root, `${folder}/${place}/${name}`);
      if (library?.type === 'file') {
        return search(library, VERSION);
      }
    }
  }
  return null;
}

/** What the images that the Node project publishes say of themselves. */
async function announcedVersion(blobs: Blobs, manifest: Manifest): Promise<string | undefined> {
  const { value } = await readConfig(blobs, manifest);
  const line = value.config?.Env?.find((item) => item.startsWith('NODE_VERSION='));
  return /^NODE_VERSION=v?(\d+\.\d+\.\d+)/.exec(line ?? '')?.[1];
}

async function searchText(
  content: AsyncIterable<Uint8Array>,
  pattern: RegExp,
): Promise<RegExpExecArray | null> {
  let tail = '';
  for await (const chunk of content) {
    const text = tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const match = pattern.exec(text);
    if (match !== null) {
      return match;
    }
    tail = text.slice(-OVERLAP);
  }
  return null;
}

function requireNew(node: BaseNode): BaseNode {
  const [major = 0, minor = 0] = node.version.split('.').map(Number);
  const isNew = major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor);
  if (!isNew) {
    throw new LoadlineError(
      'LL6008',
      `The base image has Node.js ${node.version} (${node.path}), expected ${MIN_NODE.major}.${MIN_NODE.minor} or newer`,
    );
  }
  return node;
}
