/**
 * What happens to accepted requests when twice the saturation rate is offered, open loop? Latency counts from the
 * moment a request should have been sent, so that a server (or generator) that falls behind cannot hide it.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attack, percentile } from './open-loop.ts';
import { packageCommand } from './package.ts';
import { firstAnswer, setting, startServer, stopServer, wrk } from './process.ts';
import type { Finding } from './report.ts';

/** Offers half and then twice the saturation rate for `seconds` each. */
export async function overload(seconds: number): Promise<Finding[]> {
  const models = setting('LOADLINE_BENCH_MODELS');
  const { rows } = JSON.parse(readFileSync(`${models}/slow.json`, 'utf8')) as { rows: number[][] };
  const body = JSON.stringify({ features: rows[0] });
  const folder = mkdtempSync(join(tmpdir(), 'loadline-bench-'));
  const script = join(folder, 'post.lua');
  writeFileSync(
    script,
    `wrk.method="POST"; wrk.headers["Content-Type"]="application/json"; wrk.body='${body}'\n`,
  );
  const server = startServer('loadline', 5121, [
    process.execPath,
    packageCommand(),
    'serve',
    `${models}/slow.pkl`,
    '--port',
    '5121',
    '--workers',
    '1',
    '--drain',
    '0s',
  ]);
  try {
    await firstAnswer(server, body);
    wrk(5121, script, 1);
    const saturation = closedLoop(script, 5);
    const serviceMs = 1000 / saturation;
    console.error(`  saturation ${saturation.toFixed(0)} req/s, service time ${serviceMs.toFixed(2)} ms`);
    const half = await attack({ folder, body, port: 5121, rate: saturation / 2, seconds });
    const twice = await attack({ folder, body, port: 5121, rate: saturation * 2, seconds });
    const accepted = twice.filter((hit) => hit.code === 200);
    const wrong = [...half, ...twice].filter((hit) => hit.code !== 200 && hit.code !== 429);
    const p99Half = percentile(
      half.filter((hit) => hit.code === 200),
      0.99,
    );
    const p99Twice = percentile(accepted, 0.99);
    const goodput = accepted.length / seconds / saturation;
    return [
      {
        what: 'service time of the model, ms',
        value: serviceMs,
        target: 1,
        atLeast: true,
        detail: `saturation ${saturation.toFixed(0)} req/s`,
      },
      {
        what: 'accepted p99 at 2 × saturation, ÷ p99 at half load',
        value: p99Twice / p99Half,
        target: 3,
        atLeast: false,
        detail: `${p99Twice.toFixed(1)} ÷ ${p99Half.toFixed(1)} ms; ${accepted.length} of ${twice.length} accepted`,
      },
      {
        what: 'answers that are neither 200 nor 429',
        value: wrong.length,
        target: 0,
        atLeast: false,
        detail: `of ${half.length + twice.length} requests`,
      },
      {
        what: 'accepted at 2 × saturation, ÷ saturation',
        value: goodput,
        target: null,
        atLeast: true,
        detail: `${(accepted.length / seconds).toFixed(0)} req/s`,
      },
    ];
  } finally {
    await stopServer(server);
  }
}

/** Requests per second over one connection, which keeps one core busy without ever queueing. */
function closedLoop(script: string, seconds: number): number {
  return wrk(5121, script, seconds, 1).rps;
}
