/** The file system that an image's layers make together, listed and read. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { DEFAULT_LIMITS } from '../../bytes/limits.ts';
import type { Digest } from '../reference.ts';
import type { Blobs } from './blobs.ts';
import { notImage } from './documents.ts';
import { cleanPath, type LayerEntry, READ_LIMITS, type ReadLimits, readLayer } from './read-layer.ts';
import type { Descriptor } from './types.ts';

export interface RootfsEntry {
  /** Absolute. */
  readonly path: string;
  /** A hard link is the file it stands for. */
  readonly type: 'file' | 'folder' | 'symlink' | 'device';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Of a file's bytes, hexadecimal; null for anything else. */
  readonly sha256: string | null;
  /** Target of a symbolic link as it is written; null for anything else. */
  readonly link: string | null;
}

/** What lies at a path of the image. Of a file, `origin` says where its bytes are. */
export interface RootfsNode extends Omit<RootfsEntry, 'path'> {
  /** Of a folder. */
  readonly children: Map<string, RootfsNode> | null;
  readonly origin: { readonly layer: number; readonly entry: number };
}

export interface RootfsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether files are hashed. */
  readonly hash?: boolean;
  readonly limits?: ReadLimits;
}

/** As Linux follows them. */
const MAX_LINKS = 40;
/** Folders in folders: as many as a path of Linux can name. */
const MAX_DEPTH = 2048;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Names of aufs' own files, which no layer is to bring in. */
const WHITEOUT_META = '.wh..wh.';

/**
 * The tree that the layers make, the first one lowest; whiteouts hide what lower layers have (image-spec 1.1, "Layer
 * Filesystem Changeset").
 *
 * @throws LoadlineError LL6014 for layers that are none, LL6016 for blobs that are missing or damaged, LL6017 when aborted.
 */
export async function readRootfs(
  blobs: Blobs,
  layers: readonly Descriptor[],
  options: RootfsOptions = {},
): Promise<RootfsNode> {
  const root = folderNode({ layer: -1, entry: 0 });
  for (const [layer, descriptor] of layers.entries()) {
    const hidden = new Set<string>();
    let entry = 0;
    for await (const found of readLayer(blobs, descriptor, options.signal, options.limits ?? READ_LIMITS)) {
      const sha256 = options.hash === true && found.type === 'file' ? await hashOf(found.body) : null;
      place({ root, digest: descriptor.digest, origin: { layer, entry }, hidden }, found, sha256);
      entry += 1;
    }
  }
  return root;
}

/** The tree while a layer is put over it. */
interface Tree {
  readonly root: RootfsNode;
  /** Of the layer. */
  readonly digest: Digest;
  /** Of the entry. */
  readonly origin: RootfsNode['origin'];
  /** Whiteouts of the layer that were seen. */
  readonly hidden: Set<string>;
}

/** Every path of the image but the root, sorted; files with their hashes. Throws as `readRootfs` does. */
export async function listRootfs(
  blobs: Blobs,
  layers: readonly Descriptor[],
  signal?: AbortSignal,
): Promise<RootfsEntry[]> {
  const list: RootfsEntry[] = [];
  const walk = (folder: RootfsNode, path: string): void => {
    for (const [name, node] of folder.children ?? []) {
      const { type, mode, uid, gid, size, sha256, link: target } = node;
      list.push({ path: `${path}/${name}`, type, mode, uid, gid, size, sha256, link: target });
      walk(node, `${path}/${name}`);
    }
  };
  walk(await readRootfs(blobs, layers, { signal, hash: true }), '');
  return list.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The bytes of the file at an absolute path, symbolic links followed inside of the image; null when there is no such file.
 * Throws as `readRootfs` does, and LL6014 for a file of more than 4 GiB.
 */
export async function readLayerFile(
  blobs: Blobs,
  layers: readonly Descriptor[],
  path: string,
  signal?: AbortSignal,
): Promise<Buffer | null> {
  const node = resolvePath(await readRootfs(blobs, layers, { signal }), path);
  if (node?.type !== 'file') {
    return null;
  }
  if (node.size > DEFAULT_LIMITS.fileBytes) {
    throw notImage(`${path} has ${node.size} bytes, expected at most ${DEFAULT_LIMITS.fileBytes}`);
  }
  return buffer(contentOf(blobs, layers, node, signal));
}

/** The bytes of a file of the tree that the same layers made. */
export async function* contentOf(
  blobs: Blobs,
  layers: readonly Descriptor[],
  node: RootfsNode,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const layer = layers[node.origin.layer];
  let entry = 0;
  for await (const found of layer === undefined ? [] : readLayer(blobs, layer, signal)) {
    if (entry === node.origin.entry) {
      yield* found.body;
      return;
    }
    entry += 1;
  }
}

/** What lies at an absolute path, symbolic links followed as in a container: none leads out of the root. */
export function resolvePath(root: RootfsNode, path: string): RootfsNode | null {
  return follow(root, path.split('/'), () => null);
}

/** Follows the parts of a path from the root; `missing` may make a folder where there is nothing. */
function follow(
  root: RootfsNode,
  parts: readonly string[],
  missing: (parent: RootfsNode, name: string) => RootfsNode | null,
): RootfsNode | null {
  const rest = parts.toReversed();
  const trail = [root];
  let links = 0;
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    const here = trail.at(-1) ?? root;
    if (part === '..' && trail.length > 1) {
      trail.pop();
    }
    if (part === '' || part === '.' || part === '..') {
      continue;
    }
    const next = here.children?.get(part) ?? missing(here, part);
    if (next === null || trail.length > MAX_DEPTH) {
      return null;
    }
    if (next.type !== 'symlink') {
      trail.push(next);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) {
      return null;
    }
    const target = next.link ?? '';
    if (target.startsWith('/')) {
      trail.length = 1;
    }
    rest.push(...target.split('/').reverse());
  }
  return trail.at(-1) ?? root;
}

/** Puts one entry of a layer into the tree. */
function place(tree: Tree, found: LayerEntry, sha256: string | null): void {
  const { root, origin } = tree;
  const name = found.path.at(-1);
  if (name === undefined) {
    // The root's own mode is the runtime's affair.
    return;
  }
  const path = `/${found.path.join('/')}`;
  const refuse = (why: string): never => {
    throw notImage(`the layer ${tree.digest} has ${path}, ${why}`);
  };
  const parent = follow(root, found.path.slice(0, -1), (folder, missing) => {
    const made = folderNode(origin);
    folder.children?.set(missing, made);
    return folder.children === null ? null : made;
  });
  const children = parent?.children ?? refuse('whose folder is none');
  if (name.startsWith(WHITEOUT)) {
    hide(tree, children, path, name);
    return;
  }
  const { type, mode, uid, gid, size, link: target } = found;
  const before = children.get(name);
  if (type === 'folder') {
    children.set(name, { ...folderNode(origin, before?.children), mode, uid, gid });
  } else if (type === 'hardlink') {
    const parts = cleanPath(target, tree.digest);
    const linked = follow(root, parts.slice(0, -1), () => null)?.children?.get(parts.at(-1) ?? '');
    if (linked === undefined || linked.type === 'folder') {
      refuse(`a hard link to "${target}", which is not a file in it`);
    } else {
      children.set(name, linked);
    }
  } else {
    const node = { type, mode, uid, gid, size, sha256, children: null, origin };
    children.set(name, { ...node, link: type === 'symlink' ? target : null });
  }
}

/** A whiteout takes away what lower layers have under a name; an opaque one, all that they have in the folder. */
function hide(tree: Tree, children: Map<string, RootfsNode>, path: string, name: string): void {
  // Once is enough, and many in a large folder would take long.
  if (tree.hidden.has(path)) {
    return;
  }
  tree.hidden.add(path);
  if (name === OPAQUE) {
    for (const child of [...children.keys()]) {
      removeLower(children, child, tree.origin.layer);
    }
  } else if (!name.startsWith(WHITEOUT_META)) {
    removeLower(children, name.slice(WHITEOUT.length), tree.origin.layer);
  }
}

function removeLower(children: Map<string, RootfsNode>, name: string, layer: number): void {
  const node = children.get(name);
  for (const child of [...(node?.children?.keys() ?? [])]) {
    removeLower(node?.children ?? new Map(), child, layer);
  }
  if (node !== undefined && node.origin.layer < layer && (node.children?.size ?? 0) === 0) {
    children.delete(name);
  }
}

function folderNode(
  origin: RootfsNode['origin'],
  children: Map<string, RootfsNode> | null = new Map(),
): RootfsNode {
  const node = { type: 'folder', mode: 0o755, uid: 0, gid: 0, size: 0, sha256: null, link: null } as const;
  return { ...node, origin, children: children ?? new Map() };
}

async function hashOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) {
    hash.update(chunk);
  }
  return hash.digest('hex');
}
