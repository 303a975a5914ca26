/** Images on this machine: in Loadline's own store, or in a docker engine. */
import { LoadlineError } from '../errors.ts';
import { findDocker, inspectDockerImage } from './engines/docker.ts';
import type { ImageStore } from './oci/store.ts';
import type { Descriptor } from './oci/types.ts';
import { type Digest, familiarName, formatReference, type Reference } from './reference.ts';

export type LocalImage =
  | {
      readonly kind: 'store';
      /** Of the manifest, or of the index of several platforms. */
      readonly digest: Digest;
      readonly root: Descriptor;
    }
  | {
      readonly kind: 'docker';
      /** The image's id: the digest of its configuration. */
      readonly digest: Digest;
    };

/** Who makes and holds images: `auto` looks in the store, then in docker. */
export const ENGINES = ['auto', 'docker', 'none'] as const;
export type Engine = (typeof ENGINES)[number];

export interface LocalOptions {
  readonly store: ImageStore;
  readonly engine: Engine;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Finds an image by its name. A name is in one of the two: a build takes it away from the other.
 *
 * @throws LoadlineError LL6002 naming where was looked; LL6009 when `engine` is docker and there is none.
 */
export async function findLocal(reference: Reference, options: LocalOptions): Promise<LocalImage> {
  const { store, engine, env, signal } = options;
  const looked: string[] = [];
  if (engine !== 'docker') {
    const root = await store.tagged(formatReference(reference));
    if (root !== null) {
      return { kind: 'store', digest: root.digest, root };
    }
    looked.push(`the images in ${store.root}`);
  }
  if (engine === 'docker' || (engine === 'auto' && (await hasDocker(options)))) {
    const found = await inspectDockerImage(familiarName(reference), { env, signal });
    if (found !== null) {
      return { kind: 'docker', digest: found.id };
    }
    looked.push('the docker engine');
  }
  throw new LoadlineError(
    'LL6002',
    `There is no image ${familiarName(reference)}: looked in ${looked.join(' and ')}`,
    {
      where: formatReference(reference),
      fix: `Build it: loadline build MODEL -t ${familiarName(reference)}`,
    },
  );
}

/** Whether a docker engine answers. */
export async function hasDocker(options: Pick<LocalOptions, 'env' | 'signal'>): Promise<boolean> {
  try {
    await findDocker(options);
    return true;
  } catch (error) {
    if (error instanceof LoadlineError && error.code === 'LL6009') {
      return false;
    }
    throw error;
  }
}
