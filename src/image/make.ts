/** Makes an image from its plan, with the docker engine or without one. */
import { LoadlineError } from '../errors.ts';
import { type BuildContext, buildImage } from './build.ts';
import type { BundledPackage } from './bundle.ts';
import { buildWithDocker, findDocker } from './engines/docker.ts';
import { type Engine, hasDocker, type LocalImage } from './local.ts';
import type { ImagePlan } from './plan.ts';
import { fitsPlatform, hostPlatform } from './platform.ts';
import { type Digest, formatReference } from './reference.ts';
import { renderSbom } from './render/sbom.ts';
import { sizeOfImage } from './size.ts';

export interface MadeImage {
  readonly image: LocalImage;
  readonly engine: 'docker' | 'none';
  /** Compressed bytes as a registry holds them, of this machine's platform or the first; null where the engine does not tell. */
  readonly sizeBytes: number | null;
  /** Compressed bytes of Loadline's own layers by name; null where the engine does not tell. */
  readonly layerBytes: Readonly<Record<string, number>> | null;
  readonly baseDigest: Digest | null;
  /** Version of the base's Node.js. */
  readonly node: string;
}

export interface MakeContext extends BuildContext {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Which way an image is made where the user leaves it open: with docker, since there `docker run` finds it, unless
 * what is wanted (several platforms or another one, a file) is what layers written directly are for.
 *
 * @throws LoadlineError LL1001 when docker is asked for what it cannot make; LL6009 when it is asked for and cannot be used.
 */
export async function chooseEngine(
  plan: ImagePlan,
  wanted: Engine,
  toFile: boolean,
  context: Pick<MakeContext, 'env' | 'signal'>,
): Promise<'docker' | 'none'> {
  const foreign =
    plan.platforms.length > 1 || plan.platforms.some((one) => !fitsPlatform(hostPlatform(), one));
  if (wanted === 'docker') {
    const reason = toFile ? '--output' : plan.platforms.length > 1 ? 'several platforms' : null;
    if (reason !== null) {
      throw new LoadlineError('LL1001', `--engine docker cannot make ${reason}`, {
        fix: 'Leave --engine out, or pass --engine none: the image is the same.',
      });
    }
    await findDocker(context);
    return 'docker';
  }
  if (wanted === 'none' || toFile || foreign) {
    return 'none';
  }
  return (await hasDocker(context)) ? 'docker' : 'none';
}

/**
 * Makes and tags the image; of two images of a name, one in the store and one in docker, the one made last stays.
 * Throws what `buildImage` and `buildWithDocker` throw; nothing is tagged then.
 */
export async function makeImage(
  plan: ImagePlan,
  engine: 'docker' | 'none',
  context: MakeContext,
): Promise<MadeImage> {
  const { store, env, signal, onProgress } = context;
  if (engine === 'docker') {
    const { id, node } = await buildWithDocker(plan, { env, signal, onProgress });
    await store.untag(formatReference(plan.reference), signal);
    return {
      image: { kind: 'docker', digest: id },
      engine,
      sizeBytes: null,
      layerBytes: null,
      baseDigest: null,
      node,
    };
  }
  const built = await buildImage(plan, context);
  const shown =
    built.platforms.find(({ platform }) => fitsPlatform(hostPlatform(), platform)) ?? built.platforms[0];
  return {
    image: { kind: 'store', digest: built.root.digest, root: built.root },
    engine,
    sizeBytes: shown === undefined ? null : sizeOfImage(shown.manifest.value),
    layerBytes: Object.fromEntries(built.layers.map(({ name, descriptor }) => [name, descriptor.size])),
    baseDigest: built.baseDigest,
    node: shown?.node.version ?? '',
  };
}

/** The bill of materials of an image that was made. */
export function sbomOf(plan: ImagePlan, packages: readonly BundledPackage[], made: MadeImage): Buffer {
  return renderSbom({
    plan,
    imageDigest: made.image.digest,
    packages,
    node: { version: made.node },
    base: { name: formatReference(plan.base), digest: made.baseDigest },
  });
}
