/** What keys, names and values may be (mlflow 3.17 utils/validation.py). */
import { posix } from 'node:path';
import { invalid, type MlflowFault } from './errors.ts';
import type { KeyValue } from './fields.ts';
import { pythonJson, pythonRepr } from './python-text.ts';

const LONGEST_KEY = 250;
const LONGEST_PARAM = 6000;
const LONGEST_TAG = 8000;
const LONGEST_EXPERIMENT_NAME = 500;
const LONGEST_EXPERIMENT_TAG = 20_000;
const LONGEST_MODEL_TAG = 100_000;
const LONGEST_ALIAS = 255;

const BAD_CHARACTERS =
  'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).';

/** Length as Python counts: characters, not UTF-16 units. */
export function lengthOf(value: string, limit: number): number {
  return value.length <= limit ? value.length : [...value].length;
}

export function checkLength(what: string, limit: number, value: string): void {
  if (lengthOf(value, limit) > limit) {
    throw invalid(`'${what}' exceeds the maximum length of ${limit} characters`);
  }
}

/** MLflow cuts parameters and tags of runs silently (MLFLOW_TRUNCATE_LONG_VALUES). */
function cut(value: string, limit: number): string {
  return lengthOf(value, limit) <= limit ? value : [...value].slice(0, limit).join('');
}

/** A key of a metric, a parameter or a tag. `path` is where the message says it was. */
export function checkKey(key: string, path: string): void {
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key)) {
    throw badName(path, key, BAD_CHARACTERS);
  }
  checkUnlikePath(key, path);
}

function checkUnlikePath(name: string, path: string): void {
  const normal = normalPath(name);
  if (normal !== name || normal === '.' || normal.startsWith('..') || normal.startsWith('/')) {
    throw badName(
      path,
      name,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to ${pythonRepr(normal)}`,
    );
  }
}

function badName(path: string, name: string, why: string): MlflowFault {
  return invalid(`Invalid value ${pythonJson(name, false)} for parameter '${path}' supplied: ${why}`);
}

/** `posixpath.normpath`. */
function normalPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** A parameter of a run, cut to what is kept of it. */
export function checkedParam({ key, value }: KeyValue, path = ''): KeyValue {
  checkKey(key, `${path}key`);
  checkLength('Param key', LONGEST_KEY, key);
  return { key, value: cut(value, LONGEST_PARAM) };
}

/** A tag of a run, cut to what is kept of it. */
export function checkedTag({ key, value }: KeyValue, path = ''): KeyValue {
  checkKey(key, `${path}key`);
  checkLength(`${path}key`, LONGEST_KEY, key);
  return { key, value: cut(value, LONGEST_TAG) };
}

export function checkMetricKey(key: string, path = ''): void {
  checkKey(key, `${path}name`);
  checkLength('Metric name', LONGEST_KEY, key);
}

export function checkExperimentName(name: string): void {
  if (name === '') {
    throw invalid("Invalid experiment name: ''");
  }
  checkLength('name', LONGEST_EXPERIMENT_NAME, name);
}

export function checkExperimentTag({ key, value }: KeyValue): void {
  checkKey(key, 'key');
  checkLength('key', LONGEST_KEY, key);
  checkLength('value', LONGEST_EXPERIMENT_TAG, value);
}

/** A tag of a registered model or of a version. */
export function checkModelTag({ key, value }: KeyValue): void {
  checkKey(key, 'key');
  checkLength('key', LONGEST_KEY, key);
  checkLength('value', LONGEST_MODEL_TAG, value);
}

export function checkModelName(name: string): void {
  if (name.trim() === '') {
    throw invalid("Missing value for required parameter 'name'.");
  }
  if (/[/:]/.test(name)) {
    throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  }
  checkUnlikePath(name, 'name');
}

export function checkVersionNumber(version: string): void {
  if (!/^\s*[+-]?\d+\s*$/.test(version)) {
    throw invalid(`Parameter 'version' must be an integer, got '${version}'.`);
  }
}

export function checkAliasName(alias: string): void {
  if (!/^[\p{L}\p{N}_-]*$/u.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  }
  checkLength('Registered model alias name', LONGEST_ALIAS, alias);
}

export function checkAliasFree(alias: string): void {
  if (alias.toLowerCase() === 'latest') {
    throw invalid("'latest' alias name (case insensitive) is reserved.");
  }
  if (/^v\d+$/i.test(alias)) {
    throw invalid(`Version alias name '${alias}' is reserved.`);
  }
}

export function checkLoggedModelName(name: string): void {
  if (/[/:.%"']/.test(name)) {
    throw invalid(
      `Invalid model name (${pythonRepr(name)}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
    );
  }
}
