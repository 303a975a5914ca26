/** MLflow's JSON as values: what is missing is empty, as its protocol has it; what is of another kind is refused. */
import { LoadlineError } from '../../errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A model version as the registry answers it. */
export interface VersionAnswer {
  readonly name: string;
  readonly version: string;
  readonly createdAt: number;
  readonly description: string;
  readonly source: string;
  readonly runId: string | null;
  readonly stage: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ModelAnswer {
  readonly name: string;
  readonly createdAt: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: Readonly<Record<string, string>>;
}

export interface RunAnswer {
  readonly runId: string;
  readonly experimentId: string;
  readonly artifactUri: string;
  readonly startedAt: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
}

export interface LoggedModelAnswer {
  readonly modelId: string;
  readonly name: string;
  readonly artifactUri: string;
  readonly status: string;
  readonly createdAt: number;
  readonly runId: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
}

export function decodeVersion(value: unknown): VersionAnswer {
  const fields = objectOf(value, 'model version');
  return {
    name: textOf(fields, 'name'),
    version: textOf(fields, 'version'),
    createdAt: timeOf(fields, 'creation_timestamp'),
    description: optionalText(fields, 'description') ?? '',
    source: optionalText(fields, 'source') ?? '',
    runId: optionalText(fields, 'run_id') || null,
    stage: optionalText(fields, 'current_stage') ?? 'None',
    // Servers of before 1.0 had no status: all their versions are ready.
    status: optionalText(fields, 'status') ?? 'READY',
    tags: pairsOf(fields, 'tags'),
  };
}

export function decodeModel(value: unknown): ModelAnswer {
  const fields = objectOf(value, 'registered model');
  return {
    name: textOf(fields, 'name'),
    createdAt: timeOf(fields, 'creation_timestamp'),
    description: optionalText(fields, 'description') ?? '',
    tags: pairsOf(fields, 'tags'),
    aliases: Object.fromEntries(
      listOf(fields, 'aliases').map((entry) => {
        const one = objectOf(entry, 'alias');
        return [textOf(one, 'alias'), textOf(one, 'version')];
      }),
    ),
  };
}

export function decodeRun(value: unknown): RunAnswer {
  const fields = objectOf(value, 'run');
  const info = objectOf(fields.info, 'run');
  const data = objectOf(fields.data ?? {}, 'run');
  return {
    runId: textOf(info, 'run_id'),
    experimentId: textOf(info, 'experiment_id'),
    artifactUri: textOf(info, 'artifact_uri'),
    startedAt: timeOf(info, 'start_time'),
    metrics: metricsOf(data),
    params: pairsOf(data, 'params'),
  };
}

export function decodeLoggedModel(value: unknown): LoggedModelAnswer {
  const fields = objectOf(value, 'logged model');
  const info = objectOf(fields.info, 'logged model');
  const data = objectOf(fields.data ?? {}, 'logged model');
  return {
    modelId: textOf(info, 'model_id'),
    name: textOf(info, 'name'),
    artifactUri: textOf(info, 'artifact_uri'),
    status: textOf(info, 'status'),
    createdAt: timeOf(info, 'creation_timestamp_ms'),
    runId: optionalText(info, 'source_run_id') || null,
    metrics: metricsOf(data),
    params: pairsOf(data, 'params'),
  };
}

export function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongShape(`no ${what}`);
  }
  return value as Fields;
}

export function textOf(fields: Fields, key: string): string {
  const text = optionalText(fields, key);
  if (text === null) {
    throw wrongShape(`no "${key}"`);
  }
  return text;
}

export function optionalText(fields: Fields, key: string): string | null {
  const value = fields[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
}

/** Milliseconds: an int64, which proto's JSON writes as text and MLflow as a number; 0 where there is none. */
export function timeOf(fields: Fields, key: string): number {
  const value = Number(fields[key] ?? 0);
  if (!isTime(value)) {
    throw wrongShape(`"${key}" that is no time`);
  }
  return value;
}

/** Whether milliseconds since 1970 are a date. */
export function isTime(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15;
}

/** Proto leaves an empty list out. */
export function listOf(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key] ?? [];
  if (!Array.isArray(value)) {
    throw wrongShape(`"${key}" that is no list`);
  }
  return value;
}

function pairsOf(fields: Fields, key: string): Record<string, string> {
  return Object.fromEntries(
    listOf(fields, key).map((entry) => {
      const one = objectOf(entry, key);
      return [textOf(one, 'key'), optionalText(one, 'value') ?? ''];
    }),
  );
}

/** NaN comes as text. */
function metricsOf(data: Fields): Record<string, number> {
  return Object.fromEntries(
    listOf(data, 'metrics').map((entry) => {
      const one = objectOf(entry, 'metric');
      return [textOf(one, 'key'), Number(one.value ?? 0)];
    }),
  );
}

function wrongShape(found: string): LoadlineError {
  return new LoadlineError('LL7004', `The answer of the MLflow server has ${found}`);
}
