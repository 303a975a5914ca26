/** From what a person names to what can be started: a URL, a layout or archive, an image by its name. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import { findDocker, inspectDockerImage, loadArchive } from '../engines/docker.ts';
import { type Engine, findLocal, hasDocker, type LocalImage } from '../local.ts';
import type { Blobs } from '../oci/blobs.ts';
import { exportImage } from '../oci/export.ts';
import { openImage } from '../oci/open-image.ts';
import type { ImageStore } from '../oci/store.ts';
import type { Descriptor } from '../oci/types.ts';
import { hostPlatform } from '../platform.ts';
import type { OnProgress } from '../progress.ts';
import { familiarName, parseReference } from '../reference.ts';
import { modelOf, openStored, type StoredImage, storedSize } from './stored.ts';
import type { Target } from './target.ts';
import { dockerTarget } from './targets/docker.ts';
import { processTarget } from './targets/process.ts';
import { urlTarget } from './targets/url.ts';

export interface FindOptions {
  /** Runs the image: docker where it is there, or none, which runs its server on this machine. */
  readonly engine: Engine;
  readonly store: () => Promise<ImageStore>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/**
 * What `text` names: a URL; a path that exists or begins with `./`, `../` or `/`; else an image, in Loadline's store before
 * the docker engine.
 *
 * @throws LoadlineError LL6001 and LL6002 for a name that is none or of nothing; LL6014 for a path without an image; LL6015
 * when the image is for other processors; LL6009 when `engine` is docker and there is none; LL6010 when it cannot load it.
 */
export async function findTarget(text: string, options: FindOptions): Promise<Target> {
  if (/^https?:\/\//i.test(text)) {
    return urlTarget(text);
  }
  if (options.engine === 'docker') {
    await findDocker(options);
  }
  if (/^\.{0,2}\//.test(text) || existsSync(text)) {
    const { blobs, root, close } = await openImage(text);
    try {
      const target = await storedTarget(text, blobs, root, options);
      return { ...target, close: () => target.close().finally(close) };
    } catch (error) {
      await close();
      throw error;
    }
  }
  const reference = parseReference(text);
  const store = await options.store();
  const engine = options.engine === 'none' ? 'none' : 'auto';
  const image = await findLocal(reference, { ...options, store, engine });
  return localTarget(familiarName(reference), image, options);
}

/** The target of an image that was found or made. Throws as `findTarget` does. */
export async function localTarget(name: string, image: LocalImage, options: FindOptions): Promise<Target> {
  if (image.kind === 'store') {
    return storedTarget(name, await options.store(), image.root, options);
  }
  const inspected = await inspectDockerImage(image.digest, options);
  if (inspected === null) {
    throw new LoadlineError('LL6002', `docker has no image ${image.digest} any more`, { where: name });
  }
  return dockerTarget(name, inspected, options);
}

async function storedTarget(
  name: string,
  blobs: Blobs,
  root: Descriptor,
  options: FindOptions,
): Promise<Target> {
  const { engine } = options;
  const image = await openStored(blobs, root, name, hostPlatform());
  return engine === 'none' || (engine === 'auto' && !(await hasDocker(options)))
    ? processTarget(name, image, options)
    : loadedTarget(name, image, options);
}

/** The image in docker under a name of its own, which goes with the test. */
async function loadedTarget(name: string, image: StoredImage, options: FindOptions): Promise<Target> {
  const { env, signal } = options;
  // An interruption must not leave docker at giving a name that nobody takes away.
  const always = { env, signal: new AbortController().signal };
  const temporaryName = `loadline-test:${randomUUID()}`;
  const folder = await mkdtemp(join(tmpdir(), 'loadline-test-'));
  try {
    const archive = join(folder, 'image.tar');
    await exportImage(image.blobs, image.descriptor, `docker.io/library/${temporaryName}`, archive, options);
    await loadArchive(archive, always);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const loaded = await inspectDockerImage(temporaryName, always);
  if (loaded === null) {
    throw new LoadlineError('LL6010', `Cannot test ${name}: docker took its archive but has no image of it`, {
      where: name,
    });
  }
  return dockerTarget(name, loaded, options, {
    digests: [...new Set([...image.digests, loaded.id])],
    unchecked: image.otherPlatforms.map((platform) => `${platform}: only ${image.platform} was tested`),
    model: () => modelOf(image, name, signal),
    size: () => storedSize(image, signal),
    temporaryName,
  });
}
