import { parseMetrics } from '../../../monitor/metrics/parse.ts';
import type { Client } from '../client.ts';
import { defineCheck } from '../define.ts';

/** Requests of each kind: enough to tell counting from chance. */
const GOOD = 5;
const BAD = 3;

export const metrics = defineCheck({
  name: 'metrics',
  title: 'counts what it is asked',
  needs: ['server'],
  async run({ client, samples, target }) {
    const good = (samples?.singles ?? []).filter(({ expected }) => 'answer' in expected).slice(0, GOOD);
    const before = await scrape(client);
    for (const { body } of good) {
      await client.ask('/predict', { body });
    }
    for (let i = 0; i < BAD; i++) {
      await client.ask('/predict', { body: '{}' });
    }
    const after = await scrape(client);
    const wanted = {
      'loadline_requests_total{route="/predict",status="200"}': good.length,
      loadline_predictions_total: good.reduce((rows, { nRows }) => rows + nRows, 0),
      'loadline_requests_total{route="/predict",status="400"}': BAD,
      'loadline_errors_total{code="LL2002"}': BAD,
    };
    for (const [series, count] of Object.entries(wanted)) {
      const rise = (after.get(series) ?? 0) - (before.get(series) ?? 0);
      // A server that was running already may have other clients.
      if (target.kind === 'url' ? rise < count : rise !== count) {
        return { ok: false, detail: `${series} rose by ${rise}, expected ${count}` };
      }
    }
    return {
      ok: true,
      detail: `${after.size} series, ${good.length + BAD} requests counted`,
      values: { series: after.size },
    };
  },
});

async function scrape(client: Client): Promise<ReadonlyMap<string, number>> {
  const { status, type, text } = await client.ask('/metrics');
  if (status !== 200 || type !== 'text/plain') {
    throw new Error(`GET /metrics answers ${status} as ${type || 'nothing'}, expected 200 as text/plain`);
  }
  return parseMetrics(text);
}
