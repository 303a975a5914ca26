/** An image whose layers lie on this machine: which of its platforms is tested, its own files, its size. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import type { Blobs } from '../oci/blobs.ts';
import { notImage, readConfig, readManifest } from '../oci/documents.ts';
import { type LayerEntry, readLayer } from '../oci/read-layer.ts';
import type { Descriptor, ImageConfigFile, Index, Manifest } from '../oci/types.ts';
import { IMAGE_PATHS, type Platform } from '../plan.ts';
import { fitsPlatform, formatPlatform } from '../platform.ts';
import type { Digest } from '../reference.ts';
import { sizeOfImage } from '../size.ts';
import type { ImageSize } from './target.ts';

export interface StoredImage {
  readonly blobs: Blobs;
  /** The manifest of the platform that is tested. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfigFile;
  /** Of the manifest, its configuration, and the index that names it. */
  readonly digests: readonly Digest[];
  readonly platform: string;
  readonly otherPlatforms: readonly string[];
}

/**
 * Opens what `root` names, of several platforms the one of `wanted`.
 *
 * @throws LoadlineError LL6015 when the image is for other platforms only; LL6014 and LL6016 when it cannot be read.
 */
export async function openStored(
  blobs: Blobs,
  root: Descriptor,
  name: string,
  wanted: Platform,
): Promise<StoredImage> {
  const { value } = await readManifest(blobs, root);
  const { descriptor, others } =
    'manifests' in value ? choose(value, name, wanted) : { descriptor: root, others: [] };
  const { value: manifest } = await readManifest(blobs, descriptor);
  if ('manifests' in manifest) {
    throw notImage(`the index ${root.digest} names another index`, name);
  }
  const { value: config } = await readConfig(blobs, manifest);
  const platform = formatPlatform(config);
  if (!fitsPlatform(wanted, config)) {
    throw otherPlatform(name, wanted, [platform]);
  }
  const digests = [...new Set([root.digest, descriptor.digest, manifest.config.digest])];
  return { blobs, descriptor, manifest, config, digests, platform, otherPlatforms: others };
}

function choose(index: Index, name: string, wanted: Platform): { descriptor: Descriptor; others: string[] } {
  // An attestation has the platform unknown/unknown.
  const images = index.manifests.filter(
    ({ platform }) => platform !== undefined && platform.os !== 'unknown',
  );
  const names = images.map(({ platform }) => formatPlatform(platform as Platform));
  const chosen = images.find(({ platform }) => fitsPlatform(wanted, platform));
  if (chosen === undefined) {
    throw otherPlatform(name, wanted, names);
  }
  return { descriptor: chosen, others: names.filter((_, i) => images[i] !== chosen) };
}

function otherPlatform(name: string, wanted: Platform, found: readonly string[]): LoadlineError {
  return new LoadlineError(
    'LL6015',
    `Cannot test ${name} here: expected an image for ${formatPlatform(wanted)}, found ${found.join(', ') || 'none'}`,
    {
      where: name,
      fix: `Build it for this machine as well: --platform ${[formatPlatform(wanted), ...found].join(',')}`,
    },
  );
}

/** Path of an entry in the image where it is a file of the server or the model, else null. */
function ownPath({ type, path }: LayerEntry): string | null {
  const full = `/${path.join('/')}`;
  const own = full === IMAGE_PATHS.model || full.startsWith(`${IMAGE_PATHS.server}/`);
  return own && type === 'file' ? full : null;
}

/**
 * The server's files and the model, handed to `take` by their path in the image. Layers are read from the last one down
 * and only until both were met, so the base is not unpacked.
 *
 * @throws LoadlineError LL6014 when the image has no server of Loadline or no model; LL6016 for a damaged layer.
 */
async function ownFiles(
  { blobs, manifest }: StoredImage,
  name: string,
  signal: AbortSignal,
  take: (path: string, entry: LayerEntry) => Promise<void>,
): Promise<void> {
  const seen = new Set<string>();
  const entry = `${IMAGE_PATHS.server}/server.js`;
  for (const layer of manifest.layers.toReversed()) {
    const above = new Set(seen);
    for await (const file of readLayer(blobs, layer, signal)) {
      const path = ownPath(file);
      if (path !== null && !above.has(path)) {
        seen.add(path);
        await take(path, file);
      }
    }
    if (seen.has(entry) && seen.has(IMAGE_PATHS.model)) {
      return;
    }
  }
  throw noServer(name, seen.has(entry) ? IMAGE_PATHS.model : entry);
}

/** The refusal of an image that Loadline did not make. */
export function noServer(name: string, missing: string): LoadlineError {
  return new LoadlineError(
    'LL6014',
    `Cannot test ${name}: it has no ${missing}, so \`loadline build\` did not make it`,
    {
      where: name,
      fix: 'Build it with `loadline build`; a server that runs elsewhere is tested by its URL.',
    },
  );
}

/** Writes the server's files and the model below `folder`. Throws what `ownFiles` throws. */
export async function unpackOwn(
  image: StoredImage,
  name: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await ownFiles(image, name, signal, async (path, { body }) => {
    const to = join(folder, path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, body);
  });
}

/** The model file. Throws what `ownFiles` throws. */
export async function modelOf(image: StoredImage, name: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await ownFiles(image, name, signal, async (path, { body }) => {
    if (path === IMAGE_PATHS.model) {
      for await (const chunk of body) {
        chunks.push(chunk);
      }
    }
  });
  return Buffer.concat(chunks);
}

/** Sizes of all layers, and of those that hold the server and the model; unpacked ones are of the files, as engines say them. */
export async function storedSize({ blobs, manifest }: StoredImage, signal: AbortSignal): Promise<ImageSize> {
  let uncompressed = 0;
  let ownCompressed = 0;
  let ownUncompressed = 0;
  for (const layer of manifest.layers) {
    let isOwn = false;
    let bytes = 0;
    for await (const entry of readLayer(blobs, layer, signal)) {
      isOwn ||= ownPath(entry) !== null;
      bytes += entry.size;
    }
    uncompressed += bytes;
    ownCompressed += isOwn ? layer.size : 0;
    ownUncompressed += isOwn ? bytes : 0;
  }
  return { compressed: sizeOfImage(manifest), uncompressed, ownCompressed, ownUncompressed };
}
