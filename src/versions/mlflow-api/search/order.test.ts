import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseOrders } from './order.ts';
import { MODEL_VERSION_RULES, REGISTERED_MODEL_RULES, RUN_RULES, type SearchRules } from './rules.ts';

describe('orders', () => {
  for (const [rules, text, column] of [
    [RUN_RULES, 'metrics.rmse', 'metric rmse up'],
    [RUN_RULES, 'metrics.rmse DESC', 'metric rmse down'],
    [RUN_RULES, 'params.`a b` asc', 'param a b up'],
    [RUN_RULES, 'start_time desc', 'attribute start_time down'],
    [RUN_RULES, 'attribute.Created DESC', 'attribute start_time down'],
    [REGISTERED_MODEL_RULES, 'timestamp DESC', 'attribute timestamp down'],
    [MODEL_VERSION_RULES, 'version_number', 'attribute version_number up'],
  ] as const satisfies readonly (readonly [SearchRules, string, string])[]) {
    test(text, () => {
      const [{ entity, key, ascending }] = parseOrders([text], rules) as [
        ReturnType<typeof parseOrders>[number],
      ];
      assert.equal(`${entity} ${key} ${ascending ? 'up' : 'down'}`, column);
    });
  }
  for (const [rules, texts, message] of [
    [RUN_RULES, ['metrics.a up'], "Invalid ordering key in order_by clause 'metrics.a up'."],
    [RUN_RULES, ['metrics.a DESC now'], "Invalid order_by clause 'metrics.a DESC now'. Could not be parsed."],
    [RUN_RULES, [''], "Invalid order_by clause ''. Could not be parsed."],
    [RUN_RULES, ['5'], "Invalid order_by clause '5'. Could not be parsed."],
    [RUN_RULES, ['created', 'start_time'], "`order_by` contains duplicate fields: ['created', 'start_time']"],
    [RUN_RULES, ['dataset.name'], 'Invalid order_by entity: dataset'],
    [MODEL_VERSION_RULES, ['tags.a'], 'Invalid order_by entity: tag'],
    [MODEL_VERSION_RULES, ['run_id'], /^Invalid attribute key 'run_id' specified/],
  ] as const) {
    test(`refused: ${texts.join(', ')}`, () => {
      assert.throws(() => parseOrders(texts, rules), { code: 'INVALID_PARAMETER_VALUE', message });
    });
  }
});
