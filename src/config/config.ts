/** Reads a loadline.yaml: all its faults at once, each with its line; values keep where they came from. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import { LoadlineError } from '../errors.ts';
import { CANARY_KEY, MIN_WATCH_MS, WATCH_INTERVAL } from './defaults.ts';
import { configError, type Fault, faultsOf, listError, type Path } from './faults.ts';
import { type ConfigFile, configJsonSchema, configSchema, type DeployConfig } from './schema.ts';
import { parseDuration, parseShare } from './units.ts';

export interface Config {
  /** The file, absolute. */
  readonly path: string;
  /** Its folder: what relative sources start from. */
  readonly folder: string;
  readonly models: readonly ModelConfig[];
  /** What it says of the server, by the names of the options of `serve` and as they are typed there; files are absolute. */
  readonly server: ServerOptions;
  /** Null where it says nothing. */
  readonly deploy: DeployConfig | null;
}

export type ServerOptions = Readonly<Record<string, string | boolean>>;

/** One model, as a server is asked for it. */
export interface ModelConfig {
  /** Null: the name that the source leads to. */
  readonly name: string | null;
  readonly reference: string;
  /** Milliseconds between two looks; null for none. */
  readonly watch: number | null;
  readonly canary: { readonly version: string; readonly share: number; readonly keyHeader: string } | null;
  readonly shadow: string | null;
  readonly versions: readonly string[];
}

/** A file of a thousand models has some 100 KB. */
const MAX_BYTES = 2 ** 20;
/** A version in the store or on MLflow, whose versions have numbers. */
const REGISTERED = /^((?:models:\/+)?[^/@:]+)[/@][^/@:]+$/;

/** @throws LoadlineError LL1006; LL1010 with every fault, its line and column, what was found and what was wanted */
export async function readConfig(path: string): Promise<Config> {
  const file = resolve(path);
  const content = await readFile(file).catch((cause: Error) => {
    throw new LoadlineError('LL1006', `Cannot read ${path}: ${cause.message}`, { where: path, cause });
  });
  if (content.length > MAX_BYTES) {
    throw listError(path, [`1:1 the file: expected at most ${MAX_BYTES} bytes, found ${content.length}`]);
  }
  return parseConfig(content.toString(), path, dirname(file));
}

/** @param folder what relative paths start from */
export function parseConfig(text: string, path: string, folder: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw listError(
      path,
      document.errors.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0]);
        return `${line}:${col} not YAML: ${message}`;
      }),
    );
  }
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // What stands for more than it may: `a: &a [*b, *b, …]`.
    throw listError(path, [`1:1 not usable: ${(error as Error).message}`]);
  }
  const result = configSchema.safeParse(data);
  const faults = [
    ...(result.success ? [] : faultsOf(result.error.issues, data, configJsonSchema())),
    ...crossFaults(data),
  ];
  if (!isMap(document.contents)) {
    throw listError(path, ['1:1 the file: expected a mapping with apiVersion and models']);
  }
  if (!result.success || faults.length > 0) {
    throw configError(path, faults, document, lines);
  }
  const { models, server = {}, deploy } = result.data;
  return {
    path: resolve(folder, path),
    folder,
    models: models.map(modelConfig),
    server: serverOptions(server, folder),
    deploy: deploy ?? null,
  };
}

/** What parts of the file want of one another. They are looked at even where a part is wrong by itself. */
function crossFaults(data: unknown): readonly Fault[] {
  const faults: Fault[] = [];
  const add = (path: Path, message: string): void => {
    faults.push({ path, isKey: false, message });
  };
  const { models, deploy } = record(data);
  const names = new Map<string, number>();
  for (const [i, entry] of (Array.isArray(models) ? models : []).entries()) {
    const { name, source, watch, canary, shadow, versions } = record(entry);
    if (typeof name === 'string') {
      const first = names.get(name);
      if (first === undefined) {
        names.set(name, i);
      } else {
        add(['models', i, 'name'], `"${name}" is the name of models[${first}] already`);
      }
    }
    if (typeof watch === 'string' && (parseDuration(watch) ?? MIN_WATCH_MS) < MIN_WATCH_MS) {
      add(['models', i, 'watch'], `expected at least ${MIN_WATCH_MS}ms, found "${watch}"`);
    }
    const isRegistered = typeof source !== 'string' || REGISTERED.test(source);
    const wanted = `a version's number belongs to a source such as NAME@ALIAS, found ${JSON.stringify(source)}`;
    for (const [key, part] of [
      ['canary', canary],
      ['shadow', shadow],
    ] as const) {
      const besides = record(part);
      const isBoth = besides.version !== undefined && besides.source !== undefined;
      if (isBoth || (isMapping(part) && besides.version === undefined && besides.source === undefined)) {
        add(['models', i, key], `expected version or source, found ${isBoth ? 'both' : 'neither'}`);
      }
      if (besides.version !== undefined && !isRegistered) {
        add(['models', i, key, 'version'], wanted);
      }
    }
    const { share } = record(canary);
    if (typeof share === 'string' && /^[\d.]+%$/.test(share) && parseShare(share) === null) {
      add(['models', i, 'canary', 'share'], `expected a share above 0% and below 100%, found "${share}"`);
    }
    if (Array.isArray(versions) && versions.length > 0 && !isRegistered) {
      add(['models', i, 'versions'], wanted);
    }
  }
  const { min, max } = record(record(deploy).scale);
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    add(['deploy', 'scale', 'max'], `expected at least min, ${min}, found ${max}`);
  }
  return faults;
}

function modelConfig({
  name,
  source,
  watch,
  versions,
  canary,
  shadow,
}: ConfigFile['models'][number]): ModelConfig {
  const registered = REGISTERED.exec(source)?.[1] ?? '';
  const besides = (other: { version?: string | number | undefined; source?: string | undefined }): string =>
    other.source ?? `${registered}/${other.version}`;
  return {
    name: name ?? null,
    reference: source,
    watch:
      watch === undefined || watch === false ? null : parseDuration(watch === true ? WATCH_INTERVAL : watch),
    canary:
      canary === undefined
        ? null
        : {
            version: besides(canary),
            share: parseShare(String(canary.share)) ?? 0,
            keyHeader: (canary.key ?? CANARY_KEY).toLowerCase(),
          },
    shadow: shadow === undefined ? null : besides(shadow),
    versions: (versions ?? []).map((version) => besides({ version })),
  };
}

function serverOptions(server: NonNullable<ConfigFile['server']>, folder: string): ServerOptions {
  const options: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(server)) {
    if (name === 'keysFile' || name === 'store') {
      options[name] = resolve(folder, String(value));
    } else if (name === 'limits') {
      options[name] = Object.entries(server.limits ?? {})
        .map(([limit, size]) => `${limit}=${size}`)
        .join(',');
    } else if (value !== undefined) {
      options[name] = typeof value === 'boolean' ? value : String(value);
    }
  }
  return options;
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? (value as Readonly<Record<string, unknown>>) : {};
}
