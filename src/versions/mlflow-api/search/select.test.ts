import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { parseFilter } from './filter.ts';
import { parseOrders } from './order.ts';
import { RUN_RULES } from './rules.ts';
import { type Columns, isLike, select, type Value } from './select.ts';

interface Row {
  readonly id: string;
  readonly values: Readonly<Record<string, Value>>;
}

const ROWS: readonly Row[] = [
  { id: 'one', values: { 'metric.m': 1, 'tag.t': 'Blue', 'dataset.name': ['d1', 'd2'] } },
  { id: 'two', values: { 'metric.m': Number.NaN, 'tag.t': 'red' } },
  { id: 'three', values: { 'metric.m': -2, 'tag.mlflow.prompt.is_prompt': 'true' } },
  { id: 'four', values: {} },
];

const columns: Columns<Row> =
  (entity, key) =>
  ({ values }) =>
    values[`${entity}.${key}`] ?? null;

const found = (filter: string, order: string[] = []): string[] =>
  select(ROWS, parseFilter(filter, RUN_RULES), parseOrders(order, RUN_RULES), columns).map(({ id }) => id);

describe('what a filter finds', () => {
  for (const [filter, ...ids] of [
    ['', 'one', 'two', 'three', 'four'],
    ['metrics.m > 0', 'one'],
    ['metrics.m <= 1', 'one', 'three'],
    // NaN is unequal to everything, and what is not there is neither equal nor unequal.
    ['metrics.m != 1', 'two', 'three'],
    ["tags.t = 'blue'"],
    ["tags.t ILIKE 'BL%'", 'one'],
    ["tags.t LIKE 'bl%'"],
    ["tags.t != 'red'", 'one'],
    ['tags.t IS NULL', 'three', 'four'],
    ['tags.t IS NOT NULL', 'one', 'two'],
    ["tags.`mlflow.prompt.is_prompt` != 'true'", 'one', 'two', 'four'],
    ["tags.`mlflow.prompt.is_prompt` = 'false'", 'one', 'two', 'four'],
    ["tags.`mlflow.prompt.is_prompt` = 'true'", 'three'],
    ["dataset.name = 'd2'", 'one'],
    ["dataset.name IN ('d2', 'd9')", 'one'],
    ["metrics.m > -5 AND tags.t = 'Blue'", 'one'],
  ] as const) {
    test(filter || 'no filter', () => assert.deepEqual(found(filter), ids));
  }
});

test('numbers first, then NaN, then what is not there, whatever the direction', () => {
  assert.deepEqual(found('', ['metrics.m']), ['three', 'one', 'two', 'four']);
  assert.deepEqual(found('', ['metrics.m DESC']), ['one', 'three', 'two', 'four']);
  assert.deepEqual(found('', ['tags.t DESC', 'metrics.m']), ['two', 'one', 'three', 'four']);
});

test("LIKE is SQLite's", () => {
  const database = new DatabaseSync(':memory:');
  database.exec('PRAGMA case_sensitive_like = true');
  const like = database.prepare('SELECT ? LIKE ? AS yes');
  const texts = ['', 'a', 'A', 'ab', 'abab', 'aab', 'a%b', 'a_b', 'ba', 'äb', '😀a', 'a\nb'];
  const signs = ['', 'a', 'b', '_', '%', 'A', 'ä', '😀'];
  const patterns = signs.flatMap((x) => signs.flatMap((y) => signs.map((z) => x + y + z)));
  for (const text of texts) {
    for (const pattern of patterns) {
      const wanted = like.get(text, pattern)!.yes === 1;
      assert.equal(isLike(text, pattern), wanted, `${JSON.stringify(text)} LIKE ${JSON.stringify(pattern)}`);
    }
  }
  database.close();
});

test('no pattern takes long', { timeout: 20_000 }, () => {
  assert.equal(isLike('a'.repeat(8000), `${'%a'.repeat(2000)}b`), false);
});
