/** What the commands about model versions share: where registries are, who draws the progress, who acts. */
import { userInfo } from 'node:os';
import { LoadlineError } from '../errors.ts';
import type { Sources } from '../versions/open.ts';
import type { ModelReference } from '../versions/reference.ts';
import type { FetchedVersion, ModelVersion, RegisteredModel, Work } from '../versions/types.ts';
import { type Options, text } from './define.ts';
import { interruptible } from './interrupt.ts';
import { progressDisplay, versionWork } from './output/progress.ts';
import { say, type Terminal } from './output/terminal.ts';

/** A model on this machine, and how it was named. */
export interface Resolved extends FetchedVersion {
  readonly reference: ModelReference;
}

/** The tools of one command; registries are opened on first use. */
export interface Models {
  readonly work: Work;
  /** The embedded store; made where there is none if `create` is true, else LL1006. */
  readonly openStore: Sources['openStore'];
  readonly registry: Sources['registry'];
  /** Brings a model of any reference to this machine. Throws what `resolveModel` throws. */
  readonly resolve: (reference: string) => Promise<Resolved>;
  /** What its registry says of it; null where it is in none. */
  readonly describe: (found: Resolved) => Promise<ModelVersion | null>;
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
    const { openSources } = await import('../versions/open.ts');
    const { env } = terminal;
    const display = progressDisplay(terminal, options.json === true);
    const sources = openSources({ env, store: storeFolder(options, env), by: actor(options, env) });
    try {
      const note = (words: string): void => {
        display.end();
        say(terminal, `  ${terminal.color.yellow(terminal.symbol.warn)} ${words}`);
      };
      return await work(openModels(sources, { ...versionWork(display, signal), note }, display.end));
    } finally {
      display.end();
      sources.close();
    }
  });
}

function openModels(sources: Sources, work: Work, endProgress: () => void): Models {
  return {
    work,
    openStore: sources.openStore,
    registry: sources.registry,
    async resolve(text) {
      const reference = sources.parse(text);
      const source = sources.open(reference);
      return { ...(await source.fetch(await source.find(work), work)), reference };
    },
    async describe({ reference, version }) {
      if (reference.kind !== 'store' && reference.kind !== 'mlflow') {
        return null;
      }
      const { pickVersion } = await import('./target.ts');
      const registry = await sources.registry(reference.kind);
      const model = await registry.model(reference.name, work);
      return pickVersion(model, { kind: 'version', version });
    },
    endProgress,
  };
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
export function versionJson(version: ModelVersion): Record<string, unknown> {
  // One by one: what only the store has, scripts would miss on MLflow.
  const { name, createdAt, description, tags, metrics, params, source, runId, stage } = version;
  const { status, aliases, sha256, bytes } = version;
  return {
    name,
    version: version.version,
    createdAt: new Date(createdAt).toISOString(),
    ...{ description, tags, metrics, params, source, runId, stage, status, aliases, sha256, bytes },
  };
}

/** A model with its versions for scripts. */
export function modelJson(model: RegisteredModel): Record<string, unknown> {
  const { name, description, createdAt, tags, aliases, versions } = model;
  return {
    ...{ name, description, createdAt: new Date(createdAt).toISOString(), tags, aliases },
    versions: versions.map(versionJson),
  };
}

/** A metric as people read it: six digits tell any two apart that matter. */
export function metricText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Tags that people set; those of MLflow and Loadline themselves are noise to them. */
export function ownTags(tags: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(tags).filter(([name]) => !/^(mlflow|loadline)\./.test(name));
}
