/** Filters of the searches: comparisons joined by AND. */
import { invalid } from '../errors.ts';
import { experimentId } from '../experiment-id.ts';
import { type AttributeType, type Entity, resolveName, type SearchRules, unquote } from './rules.ts';
import { type Token, tokenize } from './tokens.ts';

export interface Clause {
  readonly entity: Entity;
  readonly key: string;
  readonly operator: string;
  /** Null for IS NULL and IS NOT NULL. */
  readonly value: string | number | readonly string[] | null;
}

/** Reads a filter; an empty one has no clauses. Throws INVALID_PARAMETER_VALUE in MLflow's words. */
export function parseFilter(filter: string, rules: SearchRules): readonly Clause[] {
  const tokens = tokenize(filter);
  const clauses: Clause[] = [];
  const stray: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const [left, operator, right] = [tokens[i]!, tokens[i + 1], tokens[i + 2]];
    if (isOperand(left) && operator?.kind === 'operator') {
      if (/NULL$/.test(operator.text)) {
        clauses.push(clauseOf(left, operator, null, rules));
        i += 1;
        continue;
      }
      if (right !== undefined && (isOperand(right) || right.kind === 'list')) {
        clauses.push(clauseOf(left, operator, right, rules));
        i += 2;
        continue;
      }
    }
    if (left.text.toUpperCase() !== 'AND') {
      stray.push(left.text);
    }
  }
  if (stray.length > 0) {
    throw invalid(rules.invalidClauses(stray, filter));
  }
  return clauses;
}

function isOperand({ kind, text }: Token): boolean {
  return kind === 'text' || kind === 'number' || (kind === 'name' && text.toUpperCase() !== 'AND');
}

function clauseOf(left: Token, { text: operator }: Token, right: Token | null, rules: SearchRules): Clause {
  if (left.kind !== 'name') {
    throw invalid(`Invalid comparison clause. Expected 'Identifier' found '${left.text}'`);
  }
  const { entity, key } = resolveName(left.text, rules, Object.keys(rules.attributes));
  const type = entity === 'metric' ? 'number' : entity === 'attribute' ? rules.attributes[key]! : 'text';
  if (right === null && entity !== 'tag' && entity !== 'param') {
    throw invalid(
      `IS NULL / IS NOT NULL is only supported for tags and params, not for '${entity}' '${key}'`,
    );
  }
  const isKnown = rules.operators(entity, type, key).includes(operator);
  if (!isKnown && rules.operatorFirst) {
    throw invalid(rules.badOperator(entity, type, key, operator));
  }
  const value = right === null ? null : readValue(entity, key, type, right, rules);
  if (!isKnown) {
    throw invalid(rules.badOperator(entity, type, key, operator));
  }
  if ((operator === 'IN' || operator === 'NOT IN') !== Array.isArray(value)) {
    throw invalid(`Invalid value for the comparator ${operator}: ${right?.text ?? 'nothing'}`);
  }
  return { entity, key, operator, value };
}

function readValue(
  entity: Entity,
  key: string,
  type: AttributeType,
  token: Token,
  rules: SearchRules,
): Clause['value'] {
  if (entity === 'metric' || (type === 'number' && !(token.kind === 'text' && rules.quotedNumbers))) {
    if (token.kind !== 'number') {
      throw invalid(
        `Expected numeric value type for ${entity === 'metric' ? 'metric' : `numeric attribute: ${key}`}. Found ${token.text}`,
      );
    }
    return Number(token.text);
  }
  if (type === 'number') {
    const number = Number(unquote(token.text, "'"));
    if (!Number.isInteger(number)) {
      throw invalid(`Invalid value for numeric attribute '${key}': ${token.text}`);
    }
    return number;
  }
  if (token.kind === 'list') {
    if (entity === 'attribute' && !rules.lists.includes(key)) {
      throw invalid(
        `Only [${rules.lists.map((name) => `'${name}'`).join(', ')}] attributes support comparison with a list of quoted string values.`,
      );
    }
    if (entity === 'attribute' || entity === 'dataset') {
      return listOf(token.text).map((value) => (type === 'id' ? String(experimentId(value)) : value));
    }
  }
  if (token.kind === 'text' || token.kind === 'name') {
    const text = unquote(token.text, `'"`);
    if (text === token.text) {
      throw invalid(
        `Parameter value is either not quoted or unidentified quote types used for string value ${text}. Use either single or double quotes.`,
      );
    }
    return type === 'id' ? experimentId(text) : text;
  }
  switch (entity) {
    case 'param':
    case 'tag':
      throw invalid(
        `Expected a quoted string value for ${entity === 'param' ? 'parameter' : 'tag'} (e.g. 'my-value'). Got value ${token.text}`,
      );
    case 'dataset':
      throw invalid(`Expected a quoted string value for dataset attributes. Got value ${token.text}`);
    default:
      throw invalid(rules.badValue(token.text, token.kind === 'number'));
  }
}

function listOf(text: string): string[] {
  const inside = text.slice(1, -1);
  const items = tokenize(inside).filter(({ text: piece }) => piece !== ',');
  if (items.length === 0) {
    throw invalid(
      'While parsing a list in the query, expected a non-empty list of string values, but got empty list',
    );
  }
  return items.map((item) => {
    const value = unquote(item.text, `'"`);
    if (value === item.text) {
      throw invalid(
        `While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ${text}`,
      );
    }
    return value;
  });
}
