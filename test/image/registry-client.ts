/** A registry client for tests: it keeps what it said, and does not really wait. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isLoadlineError, type LoadlineError } from '../../src/errors.ts';
import { type ImageStore, openStore } from '../../src/image/oci/store.ts';
import { type Descriptor, type Index, type Manifest, MEDIA } from '../../src/image/oci/types.ts';
import type { ProgressEvent } from '../../src/image/progress.ts';
import type { Digest } from '../../src/image/reference.ts';
import { createRegistryClient, type RegistryClient } from '../../src/image/registry/client.ts';

export interface TestClient {
  readonly client: RegistryClient;
  readonly events: readonly ProgressEvent[];
  /** Pauses it would have made, in ms. */
  readonly pauses: readonly number[];
  readonly abort: () => void;
  /** DOCKER_CONFIG and home: empty. */
  readonly folder: string;
}

export interface TestClientOptions {
  readonly insecure?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Content of config.json. */
  readonly config?: object;
  readonly idleMs?: number;
}

/** `random` is 0.5 always, so pauses are three quarters of 1, 2 and 4 s. */
export function testClient(t: Pick<TestContext, 'after'>, options: TestClientOptions = {}): TestClient {
  const folder = temporary(t);
  if (options.config !== undefined) {
    mkdirSync(join(folder, '.docker'));
    writeFileSync(join(folder, '.docker/config.json'), JSON.stringify(options.config));
  }
  const events: ProgressEvent[] = [];
  const pauses: number[] = [];
  const controller = new AbortController();
  const client = createRegistryClient({
    insecure: options.insecure ?? false,
    env: { PATH: process.env.PATH, HOME: folder, ...options.env },
    onProgress: (event) => events.push(event),
    signal: controller.signal,
    timing: {
      idleMs: options.idleMs ?? 30_000,
      random: () => 0.5,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    },
  });
  t.after(() => client.close());
  return { client, events, pauses, folder, abort: () => controller.abort() };
}

/** The entry `docker login` writes. */
export function login(host: string, user: string, password: string): object {
  return { auths: { [host]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } } };
}

/** A folder that goes with the test. */
export function temporary(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-client-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function testStore(t: Pick<TestContext, 'after'>): Promise<ImageStore> {
  return openStore(join(temporary(t), 'images'));
}

/** Every file a store has of blobs, whole or begun. */
export function filesOf(store: ImageStore): readonly string[] {
  return ['blobs/sha256', 'tmp'].flatMap((folder) => readdirSync(join(store.root, folder)));
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Puts bytes into a store. */
export async function putBlob(
  store: ImageStore,
  bytes: Buffer,
  mediaType: string = MEDIA.layerGzip,
): Promise<Descriptor> {
  const writer = await store.writer();
  await writer.write(bytes);
  const { digest, size } = await writer.commit();
  return { mediaType, digest, size };
}

/** A blob of random bytes, not kept anywhere. */
export function randomBlob(size: number): { readonly bytes: Buffer; readonly descriptor: Descriptor } {
  const bytes = randomBytes(size);
  return { bytes, descriptor: { mediaType: MEDIA.layerGzip, digest: digestOf(bytes), size } };
}

export interface TestImage {
  readonly root: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly config: Descriptor;
}

/** An image in a store: its layers are gzipped random bytes, except those given. */
export async function putImage(
  store: ImageStore,
  layers: readonly (number | Descriptor)[],
  architecture = 'amd64',
): Promise<TestImage> {
  const descriptors: Descriptor[] = [];
  for (const layer of layers) {
    descriptors.push(typeof layer === 'number' ? await putBlob(store, gzipSync(randomBytes(layer))) : layer);
  }
  const config = await store.putDocument(MEDIA.config, {
    architecture,
    os: 'linux',
    config: { Labels: { made: randomBytes(8).toString('hex') } },
    rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
  });
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: config.descriptor,
    layers: descriptors,
  };
  const { descriptor } = await store.putDocument(MEDIA.manifest, manifest);
  return { root: descriptor, layers: descriptors, config: config.descriptor };
}

/** An index of images. */
export async function putIndex(store: ImageStore, images: readonly TestImage[]): Promise<Descriptor> {
  const index: Index = {
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: images.map(({ root }, i) => ({
      ...root,
      platform: { os: 'linux', architecture: i === 0 ? 'amd64' : 'arm64' },
    })),
  };
  return (await store.putDocument(MEDIA.index, index)).descriptor;
}

/** An artifact that refers to an image. */
export async function putReferrer(
  store: ImageStore,
  subject: Descriptor,
  content: string,
): Promise<Descriptor> {
  const empty = await store.putDocument(MEDIA.empty, {});
  const layer = await putBlob(store, Buffer.from(content), MEDIA.cyclonedx);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: MEDIA.cyclonedx,
    config: empty.descriptor,
    layers: [layer],
    subject,
  };
  const { descriptor } = await store.putDocument(MEDIA.manifest, manifest);
  return { ...descriptor, artifactType: MEDIA.cyclonedx };
}

/** What a promise is rejected with; a LoadlineError. */
export async function failureOf(promise: Promise<unknown>): Promise<LoadlineError> {
  try {
    await promise;
  } catch (error) {
    if (isLoadlineError(error)) {
      return error;
    }
    throw error;
  }
  throw new Error('expected a failure, found none');
}

/** For streams that must not be opened. */
export function unopened(): Readable {
  throw new Error('nothing was to be sent');
}
