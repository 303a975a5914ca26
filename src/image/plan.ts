/**
 * What an image is to hold, as plain data: made from a model and a few choices, without touching a network or an engine.
 * The Dockerfile, the docker engine and the engine-free builder all follow the same plan.
 */
import type { Reference } from './reference.ts';

/** Operating system and processor of an image, in OCI's terms. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface ImageFile {
  /** Absolute path in the image, `/` between parts. Parents are folders of mode 0755, owned by root. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly size: number;
  /** The bytes themselves, or the file on this machine that has them. */
  readonly source: { readonly bytes: Uint8Array } | { readonly file: string };
}

export interface ImageLayer {
  /** What the layer is for people: it is its `created_by` too. */
  readonly name: 'server' | 'model';
  /** Sorted by path. All files belong to root and are readable by everyone. */
  readonly files: readonly ImageFile[];
}

/** Docker's HEALTHCHECK; durations in seconds. */
export interface Healthcheck {
  /** Program and arguments; no shell is assumed. */
  readonly test: readonly string[];
  readonly intervalSec: number;
  readonly timeoutSec: number;
  readonly startPeriodSec: number;
  readonly retries: number;
}

export interface RunConfig {
  /** Numeric `uid:gid`, so that Kubernetes can see that it is not root. */
  readonly user: string;
  /** Set over the base's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** TCP. */
  readonly ports: readonly number[];
  readonly workingDir: string;
  readonly stopSignal: string;
  readonly healthcheck: Healthcheck;
  /** Labels of the image configuration; annotations of the manifest are the same. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What the image says of the model in it. */
export interface ModelFacts {
  /** Name clients ask for, in the protocols' paths: of a registered model its own, else the last part of the repository. */
  readonly name: string;
  /** Of a registered model its own, else the tag, or the first 12 digits of the file's sha256 where the tag is `latest` or missing. */
  readonly version: string;
  /** How a person writes the registered version that it is, `models:/house-price/3`; null for a file. */
  readonly uri: string | null;
  /** Of the model file, hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly estimator: string;
  /** scikit-learn that wrote it; null where the file does not tell. */
  readonly sklearn: string | null;
  /** Commit of the folder the model lies in; null outside of git. */
  readonly revision: string | null;
}

export interface ImagePlan {
  readonly reference: Reference;
  readonly base: Reference;
  readonly platforms: readonly Platform[];
  readonly model: ModelFacts;
  /** Version of Loadline. */
  readonly software: string;
  /** Over the base, the one that changes least often first. */
  readonly layers: readonly ImageLayer[];
  readonly config: RunConfig;
  /** Time of everything in the image, seconds since 1970: SOURCE_DATE_EPOCH, or 0 so that a build can be repeated. */
  readonly createdSec: number;
}

/** Where things lie in the image. */
export const IMAGE_PATHS = {
  server: '/opt/loadline',
  model: '/model/model.pkl',
  /** Where SageMaker puts the model that was registered with it; it goes before the built-in one. */
  sagemaker: '/opt/ml/model',
} as const;

/** Port of the data plane in the image, as in the tutorial's `docker run -p 5000:5000`. */
export const IMAGE_PORT = 5000;

/** distroless' user `nonroot`. */
export const IMAGE_USER = '65532:65532';

/** Glibc, CA certificates and Node 24; no shell, no package manager. */
export const DEFAULT_BASE = 'gcr.io/distroless/nodejs24-debian12:nonroot';

/** Oldest Node that runs the server. */
export const MIN_NODE = { major: 22, minor: 18 } as const;
