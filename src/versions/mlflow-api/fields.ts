/**
 * Fields of a request, read as MLflow's protocol buffers are from JSON: null is absent, an empty text where one is needed
 * is missing, 64-bit integers may be texts, unknown fields are ignored.
 */
import { invalid, type MlflowFault } from './errors.ts';
import { pythonJson, pythonType } from './python-text.ts';

export interface Fields {
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether they came in the query: all are texts there, and a list of one is a text. */
  readonly fromQuery: boolean;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

const SEE_DOCS = 'See the API docs for more information about request parameters.';

function badType(name: string, value: unknown): MlflowFault {
  return invalid(
    `Invalid value ${pythonJson(value, false)} for parameter '${name}' supplied:  Hint: Value was of type '${pythonType(value)}'. ${SEE_DOCS}`,
  );
}

function missingField(name: string): MlflowFault {
  return invalid(`Missing value for required parameter '${name}'. ${SEE_DOCS}`);
}

/** Null where it is absent. */
export function text(fields: Fields, name: string): string | null {
  const value = fields.values[name] ?? null;
  if (value !== null && typeof value !== 'string') {
    throw badType(name, value);
  }
  return value;
}

export function requiredText(fields: Fields, name: string): string {
  const value = text(fields, name) ?? '';
  if (value === '') {
    throw missingField(name);
  }
  return value;
}

/** Runs were named by `run_uuid` once; clients send both. */
export function runIdOf(fields: Fields): string {
  return text(fields, 'run_id') || text(fields, 'run_uuid') || requiredText(fields, 'run_id');
}

/** Null where it is absent. A whole number beyond 2^53 is refused: it would be kept as another one. */
export function integer(fields: Fields, name: string): number | null {
  const value = fields.values[name] ?? null;
  if (value === null) {
    return null;
  }
  const number = typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw badType(name, value);
  }
  return number;
}

export function requiredInteger(fields: Fields, name: string): number {
  const value = fields.values[name];
  if (value === undefined || value === null || value === '') {
    throw missingField(name);
  }
  return integer(fields, name)!;
}

/** `NaN`, `Infinity` and `-Infinity` come as texts. */
export function requiredNumber(fields: Fields, name: string): number {
  const value = fields.values[name];
  if (value === undefined || value === null || value === '') {
    throw missingField(name);
  }
  if (typeof value === 'number') {
    return value;
  }
  if (typeof value === 'string') {
    const number = Number(value);
    if (value === 'NaN' || (!Number.isNaN(number) && value.trim() !== '')) {
      return number;
    }
  }
  throw badType(name, value);
}

export function flag(fields: Fields, name: string): boolean {
  const value = fields.values[name] ?? false;
  if (typeof value === 'boolean') {
    return value;
  }
  if (fields.fromQuery && typeof value === 'string') {
    if (!/^(?:true|false)$/i.test(value)) {
      throw invalid(`Invalid boolean value: ${value}, must be 'true' or 'false'.`);
    }
    return value.toLowerCase() === 'true';
  }
  throw badType(name, value);
}

/** A value of an enumeration, by its name or its number. Null where it is absent. */
export function choice<T extends string>(
  fields: Fields,
  name: string,
  numbers: Readonly<Record<T, number>>,
): T | null {
  const value = fields.values[name] ?? null;
  if (value === null) {
    return null;
  }
  for (const [key, number] of Object.entries(numbers) as [T, number][]) {
    if (value === key || value === number || value === String(number)) {
      return key;
    }
  }
  throw badType(name, value);
}

/** Empty where it is absent. */
export function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields.values[name] ?? [];
  if (Array.isArray(value)) {
    return value;
  }
  if (fields.fromQuery) {
    return [value];
  }
  throw badType(name, value);
}

export function texts(fields: Fields, name: string): readonly string[] {
  const values = list(fields, name);
  if (!values.every((value) => typeof value === 'string')) {
    throw badType(name, values);
  }
  return values;
}

/** The objects of a list, each as fields of its own. */
export function objects(fields: Fields, name: string): readonly Fields[] {
  return list(fields, name).map((value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badType(name, fields.values[name]);
    }
    return { values: value as Record<string, unknown>, fromQuery: false };
  });
}

export function keyValues(fields: Fields, name: string): readonly KeyValue[] {
  return objects(fields, name).map((one) => ({
    key: text(one, 'key') ?? '',
    value: text(one, 'value') ?? '',
  }));
}

/**
 * `max_results`: at least 1 (`at least` 0 where MLflow asks no more), at most `limit`; `standard` where it is absent.
 * MLflow words a number that is too large as one of the wrong type.
 */
export function maxResults(fields: Fields, standard: number, limit: number): number {
  const wanted = integer(fields, 'max_results') ?? standard;
  if (wanted > limit) {
    throw badType('max_results', fields.values.max_results);
  }
  if (wanted < 1) {
    throw invalid(
      `Invalid value ${wanted} for parameter 'max_results' supplied. It must be a positive integer`,
    );
  }
  return wanted;
}
