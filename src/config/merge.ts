/** Which word counts where the command line, the environment and loadline.yaml all say something. */
import type { ServerOptions } from './config.ts';

export type Origin = 'flag' | 'environment' | 'file' | 'default';

/** Options by name, as a command line gives them. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
export type Env = Readonly<Record<string, string | undefined>>;

export interface Merged {
  /** The flags, with what the file says where neither they nor the environment say anything. */
  readonly options: Flags;
  /** With MLFLOW_TRACKING_URI from the file where it is not set: its readers look for it here. */
  readonly env: Env;
  /** Of every option that has a value. What is not here has its default. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Variables that say the same as an option. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  keysFile: ['LOADLINE_API_KEYS_FILE', 'LOADLINE_API_KEYS'],
  store: ['LOADLINE_STORE'],
  trackingUri: ['MLFLOW_TRACKING_URI'],
  // Vertex AI gives the port of the container by it.
  port: ['AIP_HTTP_PORT'],
};

/** A flag counts before the environment, the environment before the file, the file before the default. */
export function mergeOptions(server: ServerOptions, flags: Flags, env: Env): Merged {
  const options: Record<string, Flags[string]> = {};
  const origins = new Map<string, Origin>();
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined) {
      options[name] = value;
      origins.set(name, 'flag');
    }
  }
  for (const name of Object.keys(VARIABLES)) {
    // An empty variable is one that is not set.
    if (!origins.has(name) && VARIABLES[name]?.some((variable) => (env[variable] ?? '') !== '')) {
      origins.set(name, 'environment');
    }
  }
  for (const [name, value] of Object.entries(server)) {
    if (!origins.has(name)) {
      options[name] = value;
      origins.set(name, 'file');
    }
  }
  const { trackingUri, ...rest } = options;
  return {
    options: rest,
    env: typeof trackingUri === 'string' ? { ...env, MLFLOW_TRACKING_URI: trackingUri } : env,
    origins,
  };
}
