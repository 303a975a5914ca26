/** What the commands about model versions share: where registries are, who draws the progress, who acts. */
import { userInfo } from 'node:os';
import { LoadlineError } from '../errors.ts';
import type { ModelReference } from '../versions/reference.ts';
import type { Store } from '../versions/store/types.ts';
import type {
  FetchedVersion,
  ModelRegistry,
  ModelVersion,
  RegisteredModel,
  Source,
  Work,
} from '../versions/types.ts';
import { type Options, text } from './define.ts';
import { interruptible } from './interrupt.ts';
import { progressDisplay, versionWork } from './output/progress.ts';
import type { Terminal } from './output/terminal.ts';
import type { Target } from './target.ts';

/** A model on this machine, and how it was named. */
export interface Resolved extends FetchedVersion {
  readonly reference: ModelReference;
}

/** The tools of one command; registries are opened on first use. */
export interface Models {
  readonly work: Work;
  /** The embedded store; made where there is none if `create` is true, else LL1006. */
  readonly openStore: (create?: boolean) => Promise<Store>;
  readonly registry: (where: Target['where'], create?: boolean) => Promise<ModelRegistry>;
  /** Brings a model of any reference to this machine. Throws what `resolveModel` throws. */
  readonly resolve: (reference: string) => Promise<Resolved>;
  /** Takes the progress line away before something else is said. */
  readonly endProgress: () => void;
}

/** Gives a command its tools, its interruption among them, and puts them away when it has ended. */
export function withModels<T>(
  options: Options,
  terminal: Terminal,
  work: (models: Models) => Promise<T>,
): Promise<T> {
  return interruptible(async (signal) => {
    const { env } = terminal;
    const display = progressDisplay(terminal, options.json === true);
    const folder = storeFolder(options, env);
    const opened: { close(): void }[] = [];
    let store: Store | undefined;
    const openStore = async (create = false): Promise<Store> => {
      if (store === undefined) {
        const { openStore: open } = await import('../versions/store/open.ts');
        store = open(folder, { create, by: actor(options, env) });
        opened.push(store);
      }
      return store;
    };
    const models: Models = {
      work: versionWork(display, signal),
      openStore,
      async registry(where, create = false) {
        if (where === 'mlflow') {
          throw new LoadlineError('LL7008', 'not here yet');
        }
        const { storeRegistry } = await import('../versions/store/registry.ts');
        return storeRegistry(await openStore(create), folder);
      },
      async resolve(text) {
        const { existsSync } = await import('node:fs');
        const { parseReference } = await import('../versions/reference.ts');
        const reference = parseReference(text, { exists: existsSync });
        const source = await openSource(reference, openStore);
        return { ...(await source.fetch(await source.find(models.work), models.work)), reference };
      },
      endProgress: display.end,
    };
    try {
      return await work(models);
    } finally {
      display.end();
      for (const each of opened) {
        each.close();
      }
    }
  });
}

async function openSource(reference: ModelReference, openStore: Models['openStore']): Promise<Source> {
  switch (reference.kind) {
    case 'file': {
      const { fileSource } = await import('../versions/file-source.ts');
      return fileSource(reference);
    }
    case 'store': {
      const { storeSource } = await import('../versions/store/source.ts');
      return storeSource(reference, await openStore());
    }
    default:
      throw new LoadlineError('LL7008', 'not here yet');
  }
}

/**
 * Brings a model of any reference to this machine, for commands that read one. A file that is there is only looked at.
 * Throws what `resolveModel` throws.
 */
export async function bring(
  reference: string,
  options: Options,
  terminal: Terminal,
): Promise<{ readonly path: string; readonly registered: FetchedVersion | null }> {
  const { existsSync } = await import('node:fs');
  if (existsSync(reference) && !reference.endsWith('.dvc')) {
    return { path: reference, registered: null };
  }
  const found = await withModels(options, terminal, (models) => models.resolve(reference));
  return { path: found.path, registered: found.reference.kind === 'file' ? null : found };
}

/** The folder of the embedded store: --store, LOADLINE_STORE, or beside the work. */
export function storeFolder(options: Options, env: Terminal['env']): string {
  return text(options, 'store') ?? (env.LOADLINE_STORE || '.loadline/models');
}

/** Who acts, for the history: --by, or the user of this machine. */
export function actor(options: Options, env: Terminal['env']): string {
  const given = text(options, 'by');
  if (given !== undefined) {
    return given;
  }
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the system's list, as containers have them.
    return env.USER || `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** Pairs as they are typed: `--metric rmse=0.23`. Throws LL1001. */
export function pairs(option: string, given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((entry) => {
      const at = entry.indexOf('=');
      if (at < 1) {
        throw new LoadlineError('LL1001', `--${option} wants NAME=VALUE, found "${entry}"`);
      }
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

const API = 'loadline/v1';

/** One object for scripts: times in ISO 8601. */
export function answerJson(kind: string, content: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ apiVersion: API, kind, ...content }, null, 2);
}

/** A version for scripts. */
export function versionJson({ createdAt, ...version }: ModelVersion): Record<string, unknown> {
  return { ...version, createdAt: new Date(createdAt).toISOString() };
}

/** A model with its versions for scripts. */
export function modelJson({ createdAt, versions, ...model }: RegisteredModel): Record<string, unknown> {
  return { ...model, createdAt: new Date(createdAt).toISOString(), versions: versions.map(versionJson) };
}

/** A metric as people read it: six digits tell any two apart that matter. */
export function metricText(value: number): string {
  return String(Number(value.toPrecision(6)));
}
