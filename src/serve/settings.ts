/** What a server is told on the command line, as plain data that can be sent to a worker process. */
import type { Limits } from '../bytes/limits.ts';
import type { ApiKey } from '../config/keys.ts';
import type { LogLevel } from '../log.ts';
import type { ServeOptions } from './core.ts';
import type { Dialect, VertexRoutes } from './protocols/define.ts';

export interface ServeSettings {
  /** Limits of the reader that were raised. */
  readonly limits: Partial<Limits>;
  /** Version of Loadline. */
  readonly software: string;
  readonly host: string;
  readonly port: number;
  readonly keys: readonly ApiKey[];
  /** Requests per second of each key over all workers; null is no limit. */
  readonly keyRate: number | null;
  readonly allowAnonymous: boolean;
  readonly dialect: Dialect;
  readonly vertex: VertexRoutes | null;
  readonly maxBodyBytes: number;
  readonly maxQueueMs: number;
  readonly workers: number;
  readonly logLevel: LogLevel;
  readonly accessLogPerSecond: number;
}

/** The options of one process; a key's rate is shared out between the workers. */
export function serviceOptions(
  settings: ServeSettings,
): Omit<ServeOptions, 'roster' | 'repository' | 'metricsText' | 'worker' | 'logger'> {
  const { keyRate, workers } = settings;
  const { software, host, port, keys, allowAnonymous, dialect, vertex, maxBodyBytes, maxQueueMs } = settings;
  return {
    software,
    host,
    port,
    keys,
    keyRatePerSecond: keyRate === null ? null : keyRate / workers,
    allowAnonymous,
    dialect,
    vertex,
    maxBodyBytes,
    maxQueueMs,
    accessLogPerSecond: settings.accessLogPerSecond / workers,
  };
}
