/** Rows that match a filter, in an order. */
import type { Clause } from './filter.ts';
import type { Order } from './order.ts';
import type { Entity } from './rules.ts';

/** Null where the row has none. A list matches where one of it does. */
export type Value = string | number | null | readonly (string | number)[];

/** Looks up a column: called once a clause or an order, the result once a row. */
export type Columns<Row> = (entity: Entity, key: string) => (row: Row) => Value;

/** How MLflow tells prompts from models: only they have this tag, and a search for "not a prompt" must find the rest. */
const IS_PROMPT = 'mlflow.prompt.is_prompt';

/** @param orderColumns where a column orders by another value than it is compared by */
export function select<Row>(
  rows: readonly Row[],
  clauses: readonly Clause[],
  orders: readonly Order[],
  columns: Columns<Row>,
  orderColumns: Columns<Row> = columns,
): readonly Row[] {
  const tests = clauses.map((clause) => {
    const column = columns(clause.entity, clause.key);
    return (row: Row) => matchesClause(column(row), clause);
  });
  const comparers = orders.map(({ entity, key, ascending }) => {
    const column = orderColumns(entity, key);
    return (a: Row, b: Row) => compare(column(a), column(b), ascending);
  });
  return rows
    .filter((row) => tests.every((test) => test(row)))
    .sort((a, b) => {
      for (const comparer of comparers) {
        const order = comparer(a, b);
        if (order !== 0) {
          return order;
        }
      }
      return 0;
    });
}

function matchesClause(found: Value, clause: Clause): boolean {
  if (Array.isArray(found)) {
    return found.some((one) => matchesClause(one, clause));
  }
  const { entity, key, operator, value } = clause;
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') {
    return (found === null) === (operator === 'IS NULL');
  }
  if (found === null) {
    return (
      entity === 'tag' &&
      key === IS_PROMPT &&
      ((operator === '!=' && value === 'true') || (operator === '=' && value === 'false'))
    );
  }
  return compares(found as string | number, operator, value);
}

function compares(found: string | number, operator: string, value: Clause['value']): boolean {
  switch (operator) {
    case '=':
      return found === value;
    case '!=':
      return found !== value;
    case '>':
      return found > value!;
    case '>=':
      return found >= value!;
    case '<':
      return found < value!;
    case '<=':
      return found <= value!;
    case 'LIKE':
      return isLike(String(found), String(value));
    case 'ILIKE':
      return isLike(String(found).toLowerCase(), String(value).toLowerCase());
    case 'IN':
      return (value as readonly string[]).includes(String(found));
    default:
      return !(value as readonly string[]).includes(String(found));
  }
}

/** SQL's LIKE: `%` is any text, `_` any character. Steps back to the last `%` only, so that no pattern takes long. */
export function isLike(text: string, pattern: string): boolean {
  const [characters, signs] = [[...text], [...pattern]];
  let [at, sign, lastPercent, resumeAt] = [0, 0, -1, 0];
  while (at < characters.length) {
    if (signs[sign] === '%') {
      lastPercent = sign++;
      resumeAt = at;
    } else if (sign < signs.length && (signs[sign] === '_' || signs[sign] === characters[at])) {
      sign++;
      at++;
    } else if (lastPercent >= 0) {
      sign = lastPercent + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (signs[sign] === '%') {
    sign++;
  }
  return sign === signs.length;
}

/** Numbers and texts first, then what is no number, then what is not there; whatever the direction. */
function compare(a: Value, b: Value, ascending: boolean): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) {
    return rank;
  }
  const order = a! < b! ? -1 : a! > b! ? 1 : 0;
  return ascending ? order : -order;
}

function rankOf(value: Value): number {
  return value === null ? 2 : Number.isNaN(value) ? 1 : 0;
}
