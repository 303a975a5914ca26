/** Pushes an image of this machine, with its bill of materials where it has one. */

import { stateFolder } from '../config/state.ts';
import { LoadlineError } from '../errors.ts';
import { readPass } from './check/record.ts';
import { pushWithDocker } from './engines/docker.ts';
import type { LocalImage } from './local.ts';
import { putBlob } from './oci/blobs.ts';
import type { ImageStore } from './oci/store.ts';
import { type Descriptor, type Index, type Manifest, MEDIA } from './oci/types.ts';
import type { OnProgress } from './progress.ts';
import { pushImage } from './push.ts';
import { type Digest, familiarName, formatReference, parseReference, type Reference } from './reference.ts';
import type { RegistryClient } from './registry/client.ts';
import type { Repository } from './registry/repository.ts';
import { keptSbom } from './sbom-file.ts';

export interface ShipContext {
  readonly store: () => Promise<ImageStore>;
  readonly registry: () => RegistryClient;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface Shipped {
  /** What the tag in the registry stands for now. */
  readonly digest: Digest;
  /** Request bodies in bytes, the bill of materials included; null where docker pushed. */
  readonly sentBytes: number | null;
  /** Blobs that were there, that were mounted from the base's repository, and that travelled; null where docker pushed. */
  readonly blobs: { readonly exists: number; readonly mounted: number; readonly sent: number } | null;
  readonly sbom: boolean;
}

/**
 * Refuses an image that has no passed test on record.
 *
 * @throws LoadlineError LL6013.
 */
export async function requirePass(
  reference: Reference,
  image: LocalImage,
  env: ShipContext['env'],
): Promise<void> {
  if ((await readPass(stateFolder(env), image.digest)) === null) {
    const name = familiarName(reference);
    throw new LoadlineError('LL6013', `${name} (${image.digest.slice(0, 19)}…) has not passed its test`, {
      where: formatReference(reference),
      fix: `Run \`loadline test ${name}\`, or pass --untested to push it all the same.`,
    });
  }
}

/** Pushes the image under its name; the tag comes last, so that a failure leaves the old one. */
export async function ship(reference: Reference, image: LocalImage, context: ShipContext): Promise<Shipped> {
  const bill = await keptSbom(image.digest, context.env);
  return image.kind === 'store'
    ? shipStored(reference, image.root, bill, context)
    : shipFromDocker(reference, bill, context);
}

async function shipStored(
  reference: Reference,
  root: Descriptor,
  bill: Buffer | null,
  context: ShipContext,
): Promise<Shipped> {
  const store = await context.store();
  const registry = context.registry();
  const before = registry.sentBytes;
  const { digest, blobs } = await pushImage(store, root, reference, registry.repository(reference), {
    mountFrom: await mountSources(store, root, reference),
    referrers: bill === null ? [] : [await storeReferrer(store, bill, root)],
  });
  return { digest, sentBytes: registry.sentBytes - before, blobs, sbom: bill !== null };
}

/** Repositories tried for a blob, the base's first: each costs a request where it has not what is wanted. */
const MOST_SOURCES = 3;

/**
 * Repositories of the same registry that may have the layers, so that they need not travel: the base's, and those of other
 * images made here, which stand on the same base and server.
 */
async function mountSources(store: ImageStore, root: Descriptor, target: Reference): Promise<string[]> {
  const { value } = await store.readJson<Manifest | Index>(root);
  const base = value.annotations?.['org.opencontainers.image.base.name'];
  const made = (await store.list()).map(({ name }) => name).reverse();
  const sources = [...(base === undefined ? [] : [base]), ...made]
    .map((name) => parseReference(name))
    .filter(({ registry, repository }) => registry === target.registry && repository !== target.repository)
    .map(({ repository }) => repository);
  return [...new Set(sources)].slice(0, MOST_SOURCES);
}

async function shipFromDocker(
  reference: Reference,
  bill: Buffer | null,
  context: ShipContext,
): Promise<Shipped> {
  const { env, signal, onProgress } = context;
  await pushWithDocker(familiarName(reference), { env, signal, onProgress });
  const repository = context.registry().repository(reference);
  const pushed = await repository.manifest(reference.tag ?? 'latest');
  if (pushed === null) {
    throw new LoadlineError(
      'LL6006',
      `docker pushed ${familiarName(reference)}, but the registry has no such tag`,
      {
        where: formatReference(reference),
      },
    );
  }
  if (bill !== null) {
    const { digest, mediaType, bytes } = pushed;
    await pushReferrer(bill, { mediaType, digest, size: bytes.length }, await context.store(), repository);
  }
  return { digest: pushed.digest, sentBytes: null, blobs: null, sbom: bill !== null };
}

/**
 * Puts a bill of materials into the store as an artifact that refers to an image (OCI image specification 1.1, "Guidelines
 * for Artifact Usage").
 */
async function storeReferrer(store: ImageStore, bill: Buffer, subject: Descriptor): Promise<Descriptor> {
  const empty = await store.putDocument(MEDIA.empty, {});
  const layer = await putBlob(store, bill);
  const { mediaType, digest, size } = subject;
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: MEDIA.cyclonedx,
    config: empty.descriptor,
    layers: [{ mediaType: MEDIA.cyclonedx, ...layer }],
    subject: { mediaType, digest, size },
  };
  const stored = await store.putDocument(MEDIA.manifest, manifest);
  return { ...stored.descriptor, artifactType: MEDIA.cyclonedx };
}

async function pushReferrer(
  bill: Buffer,
  subject: Descriptor,
  store: ImageStore,
  repository: Repository,
): Promise<void> {
  const referrer = await storeReferrer(store, bill, subject);
  const { value, bytes, descriptor } = await store.readJson<Manifest>(referrer);
  for (const blob of [value.config, ...value.layers]) {
    await repository.push(blob, () => store.stream(blob.digest));
  }
  await repository.pushManifest(descriptor.digest, { bytes, mediaType: descriptor.mediaType });
  await repository.addReferrer(subject, referrer);
}
