import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clause, parseFilter } from './filter.ts';
import {
  EXPERIMENT_RULES,
  LOGGED_MODEL_RULES,
  MODEL_VERSION_RULES,
  RUN_RULES,
  type SearchRules,
} from './rules.ts';

/** Clauses as `entity key operator value`. */
const read = (filter: string, rules: SearchRules): string[] =>
  parseFilter(filter, rules).map(
    ({ entity, key, operator, value }: Clause) => `${entity} ${key} ${operator} ${JSON.stringify(value)}`,
  );

describe('filters that are read', () => {
  for (const [rules, filter, ...clauses] of [
    [RUN_RULES, ''],
    [RUN_RULES, '  '],
    [RUN_RULES, 'metrics.rmse < 0.5', 'metric rmse < 0.5'],
    [RUN_RULES, 'metric.rmse>=-1.5e-3', 'metric rmse >= -0.0015'],
    [RUN_RULES, "params.a='1' AND param.b != '2'", 'param a = "1"', 'param b != "2"'],
    [RUN_RULES, "params.a = '1' and\n\ttags.b like 'x%'", 'param a = "1"', 'tag b LIKE "x%"'],
    [RUN_RULES, "tags.mlflow.source.name = 'x'", 'tag mlflow.source.name = "x"'],
    [RUN_RULES, "tags.`a b.c` = 'x'", 'tag a b.c = "x"'],
    [RUN_RULES, 'params."a b" = "x y"', 'param a b = "x y"'],
    [RUN_RULES, "tags.x = 'AND 1 = 1'", 'tag x = "AND 1 = 1"'],
    [RUN_RULES, "tags.x = ''", 'tag x = ""'],
    [RUN_RULES, "status = 'FINISHED'", 'attribute status = "FINISHED"'],
    [RUN_RULES, "`run name` ILIKE '%A'", 'attribute run_name ILIKE "%A"'],
    [RUN_RULES, 'attr.created > 5', 'attribute start_time > 5'],
    [RUN_RULES, 'run_id NOT  IN (\'a\', "b")', 'attribute run_id NOT IN ["a","b"]'],
    [RUN_RULES, 'tags.x is not null', 'tag x IS NOT NULL null'],
    [RUN_RULES, 'params.x IS NULL AND metrics.y = 1', 'param x IS NULL null', 'metric y = 1'],
    [RUN_RULES, "dataset.digest = 'd'", 'dataset digest = "d"'],
    [EXPERIMENT_RULES, "experiment_id IN ('1', '02')", 'attribute experiment_id IN ["1","2"]'],
    [EXPERIMENT_RULES, 'creation_time > 5', 'attribute creation_time > 5'],
    [MODEL_VERSION_RULES, "version_number = '3'", 'attribute version_number = 3'],
    [LOGGED_MODEL_RULES, 'creation_time >= 5', 'attribute creation_timestamp_ms >= 5'],
  ] as const) {
    test(filter === '' ? 'nothing' : filter, () => {
      assert.deepEqual(read(filter, rules), clauses);
    });
  }
});

describe('filters that are refused', () => {
  for (const [filter, message] of [
    ['xx yy', "Invalid clause(s) in filter string: 'xx', 'yy'"],
    ["params.a = '1' OR params.b = '2'", "Invalid clause(s) in filter string: 'OR'"],
    ["params.a = '1' tags.b", "Invalid clause(s) in filter string: 'tags.b'"],
    ['metrics.a >', "Invalid clause(s) in filter string: 'metrics.a', '>'"],
    ["params.a = 'open", /^Invalid clause\(s\) in filter string: /],
    [
      "params.a = '1'; DROP TABLE runs",
      /^Invalid clause\(s\) in filter string: ';', 'DROP', 'TABLE', 'runs'$/,
    ],
    ["(params.a = '1')", /^Invalid clause\(s\) in filter string: /],
    ["1 = '1'", "Invalid comparison clause. Expected 'Identifier' found '1'"],
    [
      'metrics.a IS NULL',
      "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'a'",
    ],
    ["params.a NOT LIKE 'x'", /^Invalid comparator 'NOT LIKE' not one of/],
    ["params.a IN ('x')", /^Expected a quoted string value for parameter/],
    ['run_id IN ()', /^While parsing a list in the query, expected a non-empty list/],
    ['run_id IN (1)', /^While parsing a list in the query, expected string value/],
    ["run_id IN 'a'", /^Invalid value for the comparator IN/],
    ["run_id = ('a')", /^Invalid value for the comparator =/],
  ] as const) {
    test(filter, () => {
      assert.throws(() => parseFilter(filter, RUN_RULES), { code: 'INVALID_PARAMETER_VALUE', message });
    });
  }

  test('a filter of a megabyte is read in no time', { timeout: 20_000 }, () => {
    for (const filter of [
      "'".repeat(2 ** 20),
      '('.repeat(2 ** 20),
      `${'a'.repeat(2 ** 20)} LIKE`,
      '`'.repeat(2 ** 20),
    ]) {
      assert.throws(() => parseFilter(filter, RUN_RULES), { code: 'INVALID_PARAMETER_VALUE' });
    }
  });
});
