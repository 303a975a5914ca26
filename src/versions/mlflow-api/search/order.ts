/** Orders of the searches: a name, and ASC or DESC after it. */
import { invalid } from '../errors.ts';
import { type Entity, resolveName, type SearchRules } from './rules.ts';
import { tokenize } from './tokens.ts';

export interface Order {
  readonly entity: Entity;
  readonly key: string;
  readonly ascending: boolean;
}

/** Reads `order_by`, one text a column. Throws INVALID_PARAMETER_VALUE in MLflow's words. */
export function parseOrders(texts: readonly string[], rules: SearchRules): readonly Order[] {
  const orders = texts.map((text) => parseOrder(text, rules));
  const columns = new Set(orders.map(({ entity, key }) => `${entity}.${key}`));
  if (columns.size < orders.length) {
    throw invalid(`\`order_by\` contains duplicate fields: [${texts.map((text) => `'${text}'`).join(', ')}]`);
  }
  return orders;
}

function parseOrder(text: string, rules: SearchRules): Order {
  const [name, direction, ...rest] = tokenize(text);
  if (name?.kind !== 'name' || rest.length > 0) {
    throw invalid(`Invalid order_by clause '${text}'. Could not be parsed.`);
  }
  const word = direction?.text.toLowerCase() ?? 'asc';
  if (word !== 'asc' && word !== 'desc') {
    throw invalid(`Invalid ordering key in order_by clause '${text}'.`);
  }
  const { entity, key } = resolveName(name.text, rules, rules.orders);
  if (!rules.orderEntities.includes(entity)) {
    throw invalid(`Invalid order_by entity: ${entity}`);
  }
  return { entity, key, ascending: word === 'asc' };
}
