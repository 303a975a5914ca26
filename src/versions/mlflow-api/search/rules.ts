/** What each search takes, in the words MLflow refuses the rest with. */
import { own } from '../../../bytes/own.ts';
import { invalid, type MlflowFault } from '../errors.ts';

export type Entity = 'attribute' | 'metric' | 'param' | 'tag' | 'dataset';

/** How values of it compare: as texts, as numbers, or as the number of an experiment. */
export type AttributeType = 'text' | 'number' | 'id';

export interface SearchRules {
  /** By what may stand before the first dot of a name. */
  readonly entities: Readonly<Record<string, Entity>>;
  readonly unknownEntity: (name: string) => string;
  /** By the names that they have in filters. */
  readonly attributes: Readonly<Record<string, AttributeType>>;
  /** Other names of attributes. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Attributes that may be compared with a list. */
  readonly lists: readonly string[];
  readonly orders: readonly string[];
  readonly orderEntities: readonly Entity[];
  readonly invalidClauses: (pieces: readonly string[], filter: string) => string;
  readonly operators: (entity: Entity, type: AttributeType, key: string) => readonly string[];
  readonly badOperator: (entity: Entity, type: AttributeType, key: string, operator: string) => string;
  /** For a value of an attribute that is neither a text nor, where it may be, a list. */
  readonly badValue: (value: string, isNumber: boolean) => string;
  /** Whether a number may be in quotes. */
  readonly quotedNumbers: boolean;
  /** Whether the operator is looked at before the value: it shows where both are wrong. */
  readonly operatorFirst: boolean;
}

const NUMERIC = ['>', '>=', '!=', '=', '<', '<='];
const EQUAL = ['!=', '=', 'LIKE', 'ILIKE'];
const NULLS = ['IS NULL', 'IS NOT NULL'];
const IN = ['IN', 'NOT IN'];

const quoted = (values: readonly string[]): string => `{${values.map((value) => `'${value}'`).join(', ')}}`;

function invalidClauses(pieces: readonly string[]): string {
  return `Invalid clause(s) in filter string: ${pieces.join(', ')}`;
}

function textExpected(value: string): string {
  return `Expected a quoted string value for attributes. Got value ${value}`;
}

function textOrListExpected(value: string): string {
  return `Expected a quoted string value or a list of quoted string values for attributes. Got value ${value}`;
}

const TAG_OR_ATTRIBUTE = {
  entities: { attribute: 'attribute', tag: 'tag', tags: 'tag' },
  unknownEntity: (name: string) =>
    `Invalid entity type '${name}'. Valid entity types are ('attribute', 'tag', 'tags')`,
  aliases: {},
  orderEntities: ['attribute'],
  invalidClauses,
  badValue: textExpected,
  quotedNumbers: false,
  operatorFirst: false,
} as const;

export const RUN_RULES: SearchRules = {
  entities: {
    metric: 'metric',
    metrics: 'metric',
    parameter: 'param',
    parameters: 'param',
    param: 'param',
    params: 'param',
    tag: 'tag',
    tags: 'tag',
    attribute: 'attribute',
    attributes: 'attribute',
    attr: 'attribute',
    run: 'attribute',
    dataset: 'dataset',
    datasets: 'dataset',
  },
  unknownEntity: (name) =>
    `Invalid entity type '${name}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']`,
  attributes: {
    run_id: 'text',
    run_name: 'text',
    user_id: 'text',
    status: 'text',
    artifact_uri: 'text',
    start_time: 'number',
    end_time: 'number',
  },
  aliases: {
    created: 'start_time',
    Created: 'start_time',
    'run name': 'run_name',
    'Run name': 'run_name',
    'Run Name': 'run_name',
  },
  lists: ['run_id'],
  orders: ['run_id', 'run_name', 'user_id', 'status', 'artifact_uri', 'start_time', 'end_time'],
  orderEntities: ['attribute', 'metric', 'param', 'tag'],
  invalidClauses: (pieces) => invalidClauses(pieces.map((piece) => `'${piece}'`)),
  operators: (entity, type) => {
    if (entity === 'metric' || type === 'number') {
      return NUMERIC;
    }
    return entity === 'attribute' || entity === 'dataset' ? [...EQUAL, ...IN] : [...EQUAL, ...NULLS];
  },
  badOperator: (entity, type, key, operator) =>
    `Invalid comparator '${operator}' not one of '${quoted(RUN_RULES.operators(entity, type, key))}'`,
  badValue: textExpected,
  quotedNumbers: false,
  operatorFirst: false,
};

export const EXPERIMENT_RULES: SearchRules = {
  ...TAG_OR_ATTRIBUTE,
  attributes: { name: 'text', experiment_id: 'id', creation_time: 'number', last_update_time: 'number' },
  lists: ['experiment_id'],
  orders: ['name', 'experiment_id', 'creation_time', 'last_update_time'],
  operators: (entity, type) => {
    if (entity === 'tag') {
      return [...EQUAL, ...NULLS];
    }
    return type === 'number' ? NUMERIC : type === 'id' ? ['=', '!=', ...IN] : [...EQUAL, ...IN];
  },
  badOperator: (entity, type, _, operator) =>
    entity === 'attribute' && type === 'text'
      ? `Invalid comparator '${operator}' not one of '${quoted([...EQUAL, ...IN])}'`
      : `Invalid comparator for ${entity === 'tag' ? 'tag' : type === 'id' ? 'experiment_id' : 'numeric attribute'}: ${operator}`,
};

export const REGISTERED_MODEL_RULES: SearchRules = {
  ...TAG_OR_ATTRIBUTE,
  attributes: { name: 'text' },
  lists: ['name'],
  orders: ['name', 'timestamp', 'last_updated_timestamp'],
  operators: (entity) => (entity === 'tag' ? EQUAL : [...EQUAL, ...IN]),
  badOperator: (entity, _, __, operator) => `Invalid comparator for ${entity}: ${operator}`,
  badValue: textOrListExpected,
};

export const MODEL_VERSION_RULES: SearchRules = {
  ...TAG_OR_ATTRIBUTE,
  attributes: { name: 'text', version_number: 'number', run_id: 'text', source_path: 'text' },
  lists: ['name', 'run_id'],
  orders: ['name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'],
  operators: (entity, type) => (entity === 'tag' ? EQUAL : type === 'number' ? NUMERIC : [...EQUAL, ...IN]),
  badOperator: (entity, type, key, operator) =>
    entity === 'attribute' && type === 'number'
      ? `Invalid comparator for attribute ${key}: ${operator}`
      : `Invalid comparator for ${entity}: ${operator}`,
  badValue: (value, isNumber) =>
    isNumber
      ? "Only the '{'version_number', 'creation_timestamp', 'last_updated_timestamp'}' attributes support comparison with numeric values."
      : textOrListExpected(value),
  quotedNumbers: true,
};

const LOGGED_MODEL_ATTRIBUTES = {
  model_id: 'text',
  experiment_id: 'id',
  name: 'text',
  model_type: 'text',
  source_run_id: 'text',
  artifact_location: 'text',
  creation_timestamp_ms: 'number',
  last_updated_timestamp_ms: 'number',
} as const;

export const LOGGED_MODEL_RULES: SearchRules = {
  entities: { attributes: 'attribute', metrics: 'metric', params: 'param', tags: 'tag' },
  unknownEntity: (name) =>
    `Invalid entity type: '${name}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].`,
  attributes: LOGGED_MODEL_ATTRIBUTES,
  aliases: {
    creation_time: 'creation_timestamp_ms',
    creation_timestamp: 'creation_timestamp_ms',
    last_updated_timestamp: 'last_updated_timestamp_ms',
  },
  lists: ['model_id', 'name', 'model_type', 'source_run_id', 'artifact_location'],
  orders: Object.keys(LOGGED_MODEL_ATTRIBUTES),
  orderEntities: ['attribute', 'metric'],
  invalidClauses: (_, filter) =>
    `Invalid filter string: '${filter}'. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').`,
  operators: (entity, type) =>
    entity === 'metric' || type === 'number'
      ? ['<', '<=', '>', '>=', '=', '!=']
      : ['=', '!=', 'LIKE', 'ILIKE', ...IN],
  badOperator: (entity, type, key, operator) =>
    `Invalid comparison operator for ${entity}s.${key}: '${operator}'. Expected one of (${LOGGED_MODEL_RULES.operators(
      entity,
      type,
      key,
    )
      .map((one) => `'${one}'`)
      .join(', ')}).`,
  badValue: textExpected,
  quotedNumbers: false,
  operatorFirst: true,
};

/** What a name in a filter or an order means. Throws INVALID_PARAMETER_VALUE. */
export function resolveName(
  name: string,
  rules: SearchRules,
  keys: readonly string[],
): { readonly entity: Entity; readonly key: string } {
  const dot = name.startsWith('`') || name.startsWith('"') ? -1 : name.indexOf('.');
  const prefix = dot < 0 ? null : name.slice(0, dot);
  const entity = prefix === null ? 'attribute' : (own(rules.entities, prefix) ?? undefined);
  if (entity === undefined) {
    throw invalid(rules.unknownEntity(prefix!));
  }
  const bare = unquote(name.slice(dot + 1), '`"');
  const key = entity === 'attribute' ? (own(rules.aliases, bare) ?? bare) : bare;
  if (entity === 'attribute' && !keys.includes(key)) {
    throw badKey('attribute', key, [...keys, ...Object.keys(rules.aliases)]);
  }
  if (entity === 'dataset' && !DATASET_KEYS.includes(key)) {
    throw badKey('dataset', key, DATASET_KEYS);
  }
  return { entity, key };
}

const DATASET_KEYS = ['name', 'digest', 'context'];

function badKey(what: string, key: string, keys: readonly string[]): MlflowFault {
  return invalid(`Invalid ${what} key '${key}' specified. Valid keys are '${quoted(keys)}'`);
}

/** Without the quotes around it, if they are of these and the same on both ends. */
export function unquote(text: string, quotes: string): string {
  const first = text[0];
  return text.length >= 2 && first !== undefined && quotes.includes(first) && text.endsWith(first)
    ? text.slice(1, -1)
    : text;
}
