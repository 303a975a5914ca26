/** What a test can start and ask: a container, a process of this machine, or a server that already runs. */
import type { Digest } from '../reference.ts';

/** What some checks need and not every target has; `server` is one that answers. */
export type Ability = 'server' | 'model' | 'healthcheck' | 'limits' | 'confinement' | 'stop' | 'size';

export interface RunLimits {
  readonly memoryBytes: number;
  /** Processors, in parts too. */
  readonly cpus: number;
}

export interface Target {
  readonly kind: 'docker' | 'process' | 'url';
  /** As a person named it. */
  readonly name: string;
  /** Every digest the image may be pushed under: of its manifest, of the index that names it, of its configuration. */
  readonly digests: readonly Digest[];
  /** `linux/amd64`; null for a URL. */
  readonly platform: string | null;
  /** Why what a check needs cannot be had here. What is not named is there. */
  readonly lacks: Readonly<Partial<Record<Ability, string>>>;
  /** What no check asks for and yet nobody has seen: other platforms, the base's Node. */
  readonly unchecked: readonly string[];
  /** The model file. */
  model(): Promise<Uint8Array>;
  size(): Promise<ImageSize>;
  /** Starts it; a server that ends at once is no error here. */
  start(limits: RunLimits): Promise<Running>;
  /** Leaves nothing of the test behind. Safe to call at any time, and twice. */
  close(): Promise<void>;
}

/** Bytes of an image; null where this way to look at it does not tell. */
export interface ImageSize {
  /** As a registry keeps the layers. */
  readonly compressed: number | null;
  readonly uncompressed: number | null;
  /** Of Loadline's own layers, the model included. */
  readonly ownCompressed: number | null;
  readonly ownUncompressed: number | null;
}

/** How a server ended. */
export interface Ended {
  readonly code: number | null;
  /** Signal's name, or why the engine says it ended. */
  readonly reason: string | null;
  readonly outOfMemory: boolean;
}

/** A target that was started. */
export interface Running {
  /** `http://127.0.0.1:32768`, without a slash at its end. */
  readonly url: string;
  /** When the start was asked for, in milliseconds of `performance.now()`; null for a server that ran already. */
  readonly startedAt: number | null;
  /** Resolves when the server has ended by itself or by a signal; never for a URL. */
  readonly ended: Promise<Ended>;
  /** The last lines of its log. */
  log(): Promise<string>;
  /** Runs the image's health check inside; gives its exit code and what it wrote. */
  healthcheck(): Promise<{ readonly code: number; readonly output: string }>;
  /** Memory in use now, and whether a process was ended for taking too much, be it one of several. */
  usage(): Promise<{ readonly memoryBytes: number; readonly outOfMemory: boolean }>;
  confinement(): Promise<{ readonly user: string; readonly readOnlyRoot: boolean }>;
  signal(signal: NodeJS.Signals): Promise<void>;
}

/** Stands for a method that needs what `lacks` names; the test never calls it. */
export function lacking(): never {
  throw new TypeError('the target lacks this ability');
}
