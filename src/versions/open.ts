/** The one door to model versions: every command and every watcher opens its references and registries here. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoadlineError, LoadlineError } from '../errors.ts';
import { shownUri } from '../net/shown-uri.ts';
import type { Cache } from './cache.ts';
import type { MlflowClient } from './mlflow/client.ts';
import { type ModelReference, parseReference } from './reference.ts';
import type { Store } from './store/types.ts';
import type { FetchedVersion, ModelRegistry, Source, Work } from './types.ts';

export interface SourcesOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the embedded store; default: LOADLINE_STORE, else `.loadline/models`. */
  readonly store?: string;
  /** Who changes the store, where nobody is named; default: the user of this machine. */
  readonly by?: string;
  /** What relative paths start from; default: the process's. */
  readonly cwd?: string;
}

export type RegistryKind = ModelRegistry['kind'];

/** Stores, servers and caches are opened at their first use and shared among all sources. */
export interface Sources {
  /** Throws LL7016. */
  parse(text: string): ModelReference;
  /** Connects to nothing yet. */
  open(reference: ModelReference): Source;
  /** The embedded store; made where there is none if `create` is true, else LL1006. Throws LL7008, LL7009. */
  openStore(create?: boolean): Promise<Store>;
  /** Throws LL1005 for settings of MLflow that cannot be used, and what `openStore` throws. */
  registry(kind: RegistryKind, create?: boolean): Promise<ModelRegistry>;
  /** Says which paths of fetched versions are still in use; all of them where it is never called. */
  keep(paths: readonly string[]): void;
  close(): void;
}

const DEFAULT_STORE = '.loadline/models';

export function openSources(options: SourcesOptions): Sources {
  const { env, cwd = process.cwd() } = options;
  const given = options.store ?? (env.LOADLINE_STORE || DEFAULT_STORE);
  const folder = resolve(cwd, given);
  const at = (path: string): string => resolve(cwd, path);
  let store: Store | null = null;
  let client: MlflowClient | null = null;
  let cache: Promise<Cache> | null = null;

  const openStore = async (create = false): Promise<Store> => {
    if (store === null) {
      const { openStore: open } = await import('./store/open.ts');
      try {
        store ??= open(folder, { create, ...(options.by === undefined ? {} : { by: options.by }) });
      } catch (error) {
        throw elsewhere(error, env);
      }
    }
    return store;
  };
  const openClient = async (): Promise<MlflowClient> => {
    if (client === null) {
      const { createMlflowClient } = await import('./mlflow/client.ts');
      const { readMlflowSettings } = await import('./mlflow/settings.ts');
      client ??= createMlflowClient(readMlflowSettings(env), env);
    }
    return client;
  };
  const openedCache = (): Promise<Cache> => {
    cache ??= import('./cache.ts').then(({ openCache }) => openCache(env));
    return cache;
  };

  const load = async (reference: ModelReference): Promise<Source> => {
    switch (reference.kind) {
      case 'file': {
        if (!existsSync(at(reference.path))) {
          // A stage of a DVC pipeline leaves no .dvc file beside what it makes.
          const { isTracked } = await import('./dvc/tracked.ts');
          if (isTracked(at(reference.path))) {
            return load({ kind: 'dvc', path: reference.path });
          }
        }
        const { fileSource } = await import('./file-source.ts');
        return fileSource(reference, cwd);
      }
      case 'store': {
        const { storeSource } = await import('./store/source.ts');
        return storeSource(reference, await openStore());
      }
      case 'dvc': {
        const { dvcSource } = await import('./dvc/source.ts');
        return dvcSource(reference, { env, cache: openedCache, cwd });
      }
      default: {
        const { mlflowSource } = await import('./mlflow/source.ts');
        return mlflowSource(reference, { client: await openClient(), cache: openedCache });
      }
    }
  };

  return {
    parse: (text) => parseReference(text, { exists: (path) => existsSync(at(path)) }),
    open(reference) {
      let source: Promise<Source> | null = null;
      const loaded = (): Promise<Source> => {
        // What fails, a store that is not there yet, may work at the next call.
        source ??= load(reference).catch((error: unknown) => {
          source = null;
          throw error;
        });
        return source;
      };
      return {
        reference,
        moves: movesOf(reference),
        find: async (work) => (await loaded()).find(work),
        fetch: async (found, work) => (await loaded()).fetch(found, work),
      };
    },
    openStore,
    async registry(kind, create = false) {
      if (kind === 'mlflow') {
        const { mlflowRegistry } = await import('./mlflow/registry.ts');
        return mlflowRegistry(await openClient(), env);
      }
      const { storeRegistry } = await import('./store/registry.ts');
      return storeRegistry(await openStore(create), given);
    },
    keep(paths) {
      void cache?.then((opened) => opened.keep(paths)).catch(() => {});
    },
    close() {
      store?.close();
      client?.close();
    },
  };
}

/** Where there is no store but an MLflow server, a name was most likely meant as one on the server. */
function elsewhere(error: unknown, env: SourcesOptions['env']): unknown {
  if (!isLoadlineError(error) || error.code !== 'LL1006' || !env.MLFLOW_TRACKING_URI) {
    return error;
  }
  const { detail, message } = error;
  const hint = `On ${shownUri(env.MLFLOW_TRACKING_URI)} a model is called models:/NAME.`;
  const fix = detail.fix === undefined ? hint : `${hint} ${detail.fix}`;
  return new LoadlineError('LL1006', message, { ...detail, fix, cause: error });
}

/** Whether what a reference leads to can change. */
function movesOf(reference: ModelReference): boolean {
  switch (reference.kind) {
    case 'file':
    case 'dvc':
      return true;
    case 'mlflow':
    case 'store':
      return reference.pick.kind !== 'version';
    default:
      return false;
  }
}

/** Finds and fetches a model of any reference, for whoever just needs its path. Throws what sources throw. */
export async function resolveModel(
  text: string,
  options: SourcesOptions,
  work: Work,
): Promise<FetchedVersion> {
  const sources = openSources(options);
  try {
    const source = sources.open(sources.parse(text));
    return await source.fetch(await source.find(work), work);
  } finally {
    sources.close();
  }
}
