/** Reads the JSON documents of images, which others may have written: bounded, and of the shape that is relied on. */
import { LoadlineError } from '../../errors.ts';
import { isDigest } from '../reference.ts';
import type { Blobs } from './blobs.ts';
import {
  type Descriptor,
  type Document,
  type ImageConfigFile,
  type Index,
  type Manifest,
  MEDIA,
} from './types.ts';

/** Registries take no larger manifest (OCI distribution 1.1, "Pushing Manifests"). */
export const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;
/** Docker takes 127 layers at most; an index lists a platform or attestation each. */
const MAX_ITEMS = 1024;

/**
 * A JSON document with its bytes, its digest and size checked; what is in it is not.
 *
 * @throws LoadlineError LL6014 when it is too large, has another size than announced or is not a JSON object; LL6016 when
 * the blob is missing or damaged.
 */
export async function readDocument<T>(
  blobs: Pick<Blobs, 'size' | 'read'>,
  descriptor: Descriptor,
): Promise<Document<T>> {
  const { digest } = descriptor;
  const size = await blobs.size(digest);
  if (size !== null && (size > MAX_DOCUMENT_BYTES || size !== descriptor.size)) {
    throw notImage(
      `the document ${digest} has ${size} bytes, expected ${descriptor.size > MAX_DOCUMENT_BYTES ? `at most ${MAX_DOCUMENT_BYTES}` : descriptor.size}`,
    );
  }
  const bytes = await blobs.read(digest);
  return { value: parseObject(bytes, digest) as T, bytes, descriptor };
}

/**
 * An image's manifest or an index, its fields checked as far as anything here relies on them. `mediaType` is filled in,
 * which OCI allows to leave out.
 *
 * @throws LoadlineError LL6014 saying what is wrong; LL6016 when the blob is missing or damaged.
 */
export async function readManifest(
  blobs: Pick<Blobs, 'size' | 'read'>,
  descriptor: Descriptor,
): Promise<Document<Manifest> | Document<Index>> {
  const { value, ...rest } = await readDocument<Partial<Manifest & Index>>(blobs, descriptor);
  const checked = checkManifest(value, descriptor.digest, descriptor.mediaType);
  return { ...rest, value: checked } as Document<Manifest> | Document<Index>;
}

/** Checks what was parsed of a manifest or index; `where` names it in errors. Throws LL6014. */
export function checkManifest(value: object, where: string, mediaType?: string): Manifest | Index {
  const found = value as Partial<Manifest & Index>;
  if (found.schemaVersion !== 2) {
    throw notImage(`${where} has the schema version ${JSON.stringify(found.schemaVersion)}, expected 2`);
  }
  if (found.manifests !== undefined) {
    checkDescriptors(found.manifests, where, 'manifests');
    return { ...found, mediaType: found.mediaType ?? mediaType ?? MEDIA.index } as Index;
  }
  checkDescriptors([found.config], where, 'config');
  checkDescriptors(found.layers, where, 'layers');
  return { ...found, mediaType: found.mediaType ?? mediaType ?? MEDIA.manifest } as Manifest;
}

/** The configuration of an image, as far as it is relied on. Throws LL6014, LL6016. */
export async function readConfig(
  blobs: Pick<Blobs, 'size' | 'read'>,
  manifest: Manifest,
): Promise<Document<ImageConfigFile>> {
  const document = await readDocument<ImageConfigFile>(blobs, manifest.config);
  const { os, architecture, rootfs } = document.value;
  const ids: unknown = rootfs?.diff_ids;
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw notImage(`the configuration ${manifest.config.digest} names no platform`);
  }
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string' && isDigest(id))) {
    throw notImage(`the configuration ${manifest.config.digest} has no list of layers`);
  }
  const env: unknown = document.value.config?.Env ?? [];
  if (!Array.isArray(env) || !env.every((item) => typeof item === 'string')) {
    throw notImage(`the configuration ${manifest.config.digest} has an environment that is no list of texts`);
  }
  return document;
}

function checkDescriptors(list: unknown, where: string, field: string): void {
  if (!Array.isArray(list) || list.length > MAX_ITEMS) {
    throw notImage(
      `${where} has no valid "${field}": expected a list of at most ${MAX_ITEMS} descriptors, found ${Array.isArray(list) ? list.length : typeof list}`,
    );
  }
  for (const item of list as Partial<Descriptor>[]) {
    if (
      typeof item !== 'object' ||
      item === null ||
      typeof item.mediaType !== 'string' ||
      typeof item.digest !== 'string' ||
      !isDigest(item.digest) ||
      !Number.isSafeInteger(item.size) ||
      (item.size ?? -1) < 0
    ) {
      throw notImage(
        `"${field}" of ${where} has ${JSON.stringify(item)?.slice(0, 200)}, expected a media type, a sha256 digest and a size`,
      );
    }
  }
}

/** Parses a JSON object; `where` names it in errors. Throws LL6014. */
export function parseObject(bytes: Buffer, where: string): object {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw notImage(`${where} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw notImage(`${where} is not a JSON object`);
  }
  return value;
}

/** LL6014 with what was found. */
export function notImage(what: string, where?: string): LoadlineError {
  return new LoadlineError('LL6014', `Cannot read the image: ${what}`, where === undefined ? {} : { where });
}
