/** Builds an image without an engine: pulls what the base lacks here, writes the layers, puts the documents together. */
import { LoadlineError } from '../errors.ts';
import { each } from '../net/each.ts';
import { assembleImage, assembleIndex } from './oci/assemble.ts';
import { inspectNode } from './oci/base.ts';
import { putBlob } from './oci/blobs.ts';
import { checkManifest, parseObject, readConfig } from './oci/documents.ts';
import { type BuiltLayer, writeLayer } from './oci/layer.ts';
import type { ImageStore } from './oci/store.ts';
import {
  type Descriptor,
  type Document,
  type ImageConfigFile,
  type Index,
  type Manifest,
  MEDIA,
} from './oci/types.ts';
import type { ImagePlan, Platform } from './plan.ts';
import { fitsPlatform, formatPlatform } from './platform.ts';
import type { OnProgress } from './progress.ts';
import { type Digest, familiarName, formatReference, type Reference } from './reference.ts';
import type { RegistryClient } from './registry/client.ts';
import type { Repository } from './registry/repository.ts';

export interface BuildContext {
  readonly store: ImageStore;
  readonly registry: RegistryClient;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface BuiltPlatform {
  readonly platform: Platform;
  readonly manifest: Document<Manifest>;
  /** Node.js of the base. */
  readonly node: { readonly path: string; readonly version: string };
}

export interface BuiltImage {
  /** The manifest, or the index of several platforms: what the tag names. */
  readonly root: Descriptor;
  readonly platforms: readonly BuiltPlatform[];
  /** Loadline's own, shared by all platforms. */
  readonly layers: readonly BuiltLayer[];
  /** Digest of what the base's name stands for today. */
  readonly baseDigest: Digest;
}

/** Layers and manifests of the base pulled at a time. */
const PULLS = 3;

/**
 * Builds and tags the image in the store; a failure leaves the old tag as it was.
 *
 * @throws LoadlineError LL6002, LL6015 for a base that is not there for the platform; LL6008 when it has no Node or an old
 * one; LL6003 to LL6007 when its registry fails; LL1007 when the store cannot be written; LL6011 when it is held.
 */
export async function buildImage(plan: ImagePlan, context: BuildContext): Promise<BuiltImage> {
  const { store, signal, onProgress } = context;
  const base = await resolveBase(plan.base, context);
  const found: { platform: Platform; manifest: Document<Manifest> }[] = [];
  for (const platform of plan.platforms) {
    found.push({ platform, manifest: await baseManifest(plan.base, base, platform, context) });
  }
  for (const { manifest } of found) {
    const { config, layers } = manifest.value;
    await each([config, ...layers], PULLS, (blob) => base.repository.pull(blob, store));
  }
  const layers: BuiltLayer[] = [];
  for (const layer of plan.layers) {
    layers.push(await writeLayer(layer, plan.createdSec, store, { signal, onProgress }));
  }
  const platforms: BuiltPlatform[] = [];
  for (const { platform, manifest } of found) {
    const config = await readConfig(store, manifest.value);
    checkPlatform(plan.base, platform, config.value);
    const node = await inspectNode(store, manifest.value, signal);
    const image = assembleImage(
      plan,
      platform,
      {
        manifest: manifest.value,
        config: config.value,
        name: formatReference(plan.base),
        digest: base.digest,
      },
      layers,
    );
    const configDocument = await store.putDocument(MEDIA.config, image.config);
    const manifestDocument = await store.putDocument(
      MEDIA.manifest,
      image.manifest(configDocument.descriptor),
    );
    platforms.push({ platform, manifest: manifestDocument, node });
  }
  const root = await rootOf(plan, platforms, store);
  await store.tag(formatReference(plan.reference), root, signal);
  return { root, platforms, layers, baseDigest: base.digest };
}

async function rootOf(
  plan: ImagePlan,
  platforms: readonly BuiltPlatform[],
  store: ImageStore,
): Promise<Descriptor> {
  const [only] = platforms;
  if (platforms.length === 1 && only !== undefined) {
    return only.manifest.descriptor;
  }
  const index = assembleIndex(
    plan,
    platforms.map(({ platform, manifest }) => ({ platform, descriptor: manifest.descriptor })),
  );
  return (await store.putDocument(MEDIA.index, index)).descriptor;
}

interface Base {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly document: Manifest | Index;
  readonly descriptor: Descriptor;
}

/** What the base's name stands for. A name with a digest that was pulled before is not asked for again. */
async function resolveBase(reference: Reference, context: BuildContext): Promise<Base> {
  const { registry, store } = context;
  const repository = registry.repository(reference);
  const raw = await fetchManifest(
    reference,
    reference.digest ?? reference.tag ?? 'latest',
    repository,
    store,
  );
  if (raw === null) {
    throw new LoadlineError('LL6002', `There is no base image ${familiarName(reference)}`, {
      where: formatReference(reference),
    });
  }
  return { repository, digest: raw.descriptor.digest, document: raw.value, descriptor: raw.descriptor };
}

async function fetchManifest(
  reference: Reference,
  tagOrDigest: string,
  repository: Repository,
  store: ImageStore,
): Promise<Document<Manifest | Index> | null> {
  const place = `the manifest of ${familiarName(reference)}`;
  const kept = tagOrDigest.startsWith('sha256:') ? await store.size(tagOrDigest as Digest) : null;
  if (kept !== null) {
    const bytes = await store.read(tagOrDigest as Digest);
    const value = checkManifest(parseObject(bytes, place), place);
    const descriptor = { mediaType: value.mediaType, digest: tagOrDigest as Digest, size: bytes.length };
    return { value, bytes, descriptor };
  }
  const raw = await repository.manifest(tagOrDigest);
  if (raw === null) {
    return null;
  }
  const value = checkManifest(parseObject(raw.bytes, place), place, raw.mediaType);
  await putBlob(store, raw.bytes, { digest: raw.digest, size: raw.bytes.length });
  const descriptor = { mediaType: value.mediaType, digest: raw.digest, size: raw.bytes.length };
  return { value, bytes: raw.bytes, descriptor };
}

async function baseManifest(
  reference: Reference,
  base: Base,
  platform: Platform,
  context: BuildContext,
): Promise<Document<Manifest>> {
  if ('layers' in base.document) {
    const bytes = await context.store.read(base.digest);
    return { value: base.document, bytes, descriptor: base.descriptor };
  }
  // An attestation has the platform unknown/unknown.
  const offered = base.document.manifests.filter((one) => one.platform?.os === 'linux');
  const fitting = offered.filter((one) => fitsPlatform(platform, one.platform));
  // The plain one before its variants.
  const chosen = fitting.find((one) => one.platform?.variant === undefined) ?? fitting[0];
  if (chosen === undefined) {
    const names = offered.map((one) => (one.platform === undefined ? '' : formatPlatform(one.platform)));
    throw new LoadlineError(
      'LL6015',
      `The base ${familiarName(reference)} has no image for ${formatPlatform(platform)}: it has ${names.join(', ') || 'none for Linux'}`,
      { where: formatReference(reference) },
    );
  }
  const document = await fetchManifest(reference, chosen.digest, base.repository, context.store);
  if (document === null || !('layers' in document.value)) {
    throw new LoadlineError(
      'LL6006',
      `Cannot use the base ${familiarName(reference)}: its index names ${chosen.digest}, which is ${document === null ? 'not there' : 'not an image'}`,
      { where: formatReference(reference) },
    );
  }
  return document as Document<Manifest>;
}

function checkPlatform(reference: Reference, platform: Platform, config: ImageConfigFile): void {
  if (!fitsPlatform(platform, config)) {
    throw new LoadlineError(
      'LL6015',
      `The base ${familiarName(reference)} is for ${formatPlatform(config)}, not for ${formatPlatform(platform)}`,
      { where: formatReference(reference) },
    );
  }
}
