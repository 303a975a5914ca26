/** Puts the documents of an image together; pure. */
import type { ImagePlan, Platform, RunConfig } from '../plan.ts';
import { type Digest, formatReference } from '../reference.ts';
import { notImage } from './documents.ts';
import type { BuiltLayer } from './layer.ts';
import { type Descriptor, type ImageConfigFile, type Index, type Manifest, MEDIA } from './types.ts';

export interface BaseImage {
  readonly manifest: Manifest;
  readonly config: ImageConfigFile;
  /** Full name. */
  readonly name: string;
  /** What the name stands for: the manifest, or the index that it is of. */
  readonly digest: Digest;
}

export interface AssembledImage {
  readonly config: ImageConfigFile;
  /** The manifest, once the configuration has been written and its digest is known. */
  manifest(config: Descriptor): Manifest;
}

const NANOSECONDS = 1e9;

/** Docker's media types of layers, whose bytes are as OCI's are. */
const OCI_LAYER: Readonly<Record<string, string>> = {
  [MEDIA.dockerLayer]: MEDIA.layerGzip,
  'application/vnd.docker.image.rootfs.diff.tar': MEDIA.layerTar,
  'application/vnd.docker.image.rootfs.diff.tar.zstd': MEDIA.layerZstd,
};
const KNOWN_LAYERS = new Set<string>([MEDIA.layerGzip, MEDIA.layerZstd, MEDIA.layerTar]);

/**
 * The base with our layers over it and the plan's configuration over the base's, as a Dockerfile's instructions give it:
 * the base's variables, labels, ports and volumes stay where the plan has no other value for them.
 *
 * @throws LoadlineError LL6014 when the base's documents contradict each other or it has layers that cannot be copied.
 */
export function assembleImage(
  plan: ImagePlan,
  platform: Platform,
  base: BaseImage,
  layers: readonly BuiltLayer[],
): AssembledImage {
  const { config: baseConfig, manifest: baseManifest } = base;
  const ids = baseConfig.rootfs.diff_ids;
  if (ids.length !== baseManifest.layers.length) {
    throw notImage(
      `the base ${base.name} has ${baseManifest.layers.length} layers, its configuration names ${ids.length}`,
      base.name,
    );
  }
  const created = createdText(plan);
  const { architecture, os } = baseConfig;
  // A single manifest's configuration may leave out what the index says.
  const variant = baseConfig.variant ?? platform.variant;
  return {
    config: {
      created,
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      config: runConfig(plan.config, baseConfig.config ?? {}),
      rootfs: { type: 'layers', diff_ids: [...ids, ...layers.map((layer) => layer.diffId)] },
      history: [
        ...baseHistory(baseConfig, base.name),
        ...layers.map((layer) => ({
          created,
          created_by: `loadline build: ${layer.name}`,
          comment: `Loadline ${plan.software}`,
        })),
      ],
    },
    manifest: (config) => ({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config,
      layers: [
        ...baseManifest.layers.map((layer) => ociLayer(layer, base.name)),
        ...layers.map((layer) => layer.descriptor),
      ],
      annotations: {
        ...annotations(plan, base.name),
        'org.opencontainers.image.base.digest': base.digest,
      },
    }),
  };
}

/** The index of an image of several platforms, in the plan's order. */
export function assembleIndex(
  plan: ImagePlan,
  images: readonly { readonly platform: Platform; readonly descriptor: Descriptor }[],
): Index {
  return {
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: images.map(({ platform, descriptor }) => ({ ...descriptor, platform })),
    annotations: annotations(plan, formatReference(plan.base)),
  };
}

function annotations(plan: ImagePlan, baseName: string): Record<string, string> {
  return {
    ...plan.config.labels,
    'org.opencontainers.image.created': createdText(plan),
    'org.opencontainers.image.base.name': baseName,
  };
}

/** RFC 3339, as Docker writes whole seconds. */
function createdText(plan: ImagePlan): string {
  return new Date(plan.createdSec * 1000).toISOString().replace('.000Z', 'Z');
}

function runConfig(
  run: RunConfig,
  base: NonNullable<ImageConfigFile['config']>,
): NonNullable<ImageConfigFile['config']> {
  // Triggers run in the build that is on their image and are not inherited; the rest is what `docker build` keeps.
  const {
    OnBuild: _,
    Entrypoint: _entrypoint,
    Cmd: _cmd,
    ...kept
  } = base as typeof base & { OnBuild?: unknown };
  const { test, intervalSec, timeoutSec, startPeriodSec, retries } = run.healthcheck;
  return {
    ...kept,
    User: run.user,
    Env: mergeEnv(base.Env ?? [], run.env),
    Entrypoint: run.entrypoint,
    // An entry point takes the base's arguments away.
    ...(run.cmd.length === 0 ? {} : { Cmd: run.cmd }),
    ExposedPorts: {
      ...base.ExposedPorts,
      ...Object.fromEntries(run.ports.map((port) => [`${port}/tcp`, {}])),
    },
    WorkingDir: run.workingDir,
    StopSignal: run.stopSignal,
    Labels: { ...base.Labels, ...run.labels },
    Healthcheck: {
      Test: ['CMD', ...test],
      Interval: intervalSec * NANOSECONDS,
      Timeout: timeoutSec * NANOSECONDS,
      StartPeriod: startPeriodSec * NANOSECONDS,
      Retries: retries,
    },
  };
}

/** A variable of the base that is set again keeps its place. */
function mergeEnv(base: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const merged = new Map<string, string>();
  for (const item of base) {
    const name = item.split('=', 1)[0] ?? '';
    merged.set(name, item.slice(name.length + 1));
  }
  for (const [name, value] of Object.entries(env)) {
    merged.set(name, value);
  }
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

/** The base's history; made up where it does not fit its layers, since tools count both against each other. */
function baseHistory(config: ImageConfigFile, name: string): NonNullable<ImageConfigFile['history']> {
  const history = config.history ?? [];
  const ids = config.rootfs.diff_ids;
  if (history.filter((step) => step.empty_layer !== true).length === ids.length) {
    return history;
  }
  const created = config.created === undefined ? {} : { created: config.created };
  return ids.map(() => ({ ...created, created_by: `FROM ${name}` }));
}

function ociLayer(layer: Descriptor, base: string): Descriptor {
  const mediaType = OCI_LAYER[layer.mediaType] ?? layer.mediaType;
  if (!KNOWN_LAYERS.has(mediaType)) {
    throw notImage(
      `the base ${base} has a layer of the type ${layer.mediaType}, which cannot be copied`,
      base,
    );
  }
  return { ...layer, mediaType };
}
