/** How many one-row predictions a second does one core answer over HTTP, beside a bare handler, FastAPI and Flask? */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageCommand } from './package.ts';
import { firstAnswer, median, type Server, setting, startServer, stopServer, wrk } from './process.ts';
import type { Finding } from './report.ts';

const root = new URL('..', import.meta.url).pathname;

/** Measures one model in interleaved rounds and gives the medians, requests per second by server. */
export async function throughput(
  model: 'linear' | 'forest',
  rounds: number,
  seconds: number,
): Promise<Finding[]> {
  const models = setting('LOADLINE_BENCH_MODELS');
  const python = setting('LOADLINE_BENCH_PYTHON');
  const pickle = `${models}/${model}.pkl`;
  const { rows, prediction } = JSON.parse(readFileSync(`${models}/${model}.json`, 'utf8')) as {
    rows: number[][];
    prediction: number[];
  };
  const body = JSON.stringify({ features: rows[0] });
  const script = join(mkdtempSync(join(tmpdir(), 'loadline-bench-')), 'post.lua');
  writeFileSync(
    script,
    `wrk.method="POST"; wrk.headers["Content-Type"]="application/json"; wrk.body='${body}'\n`,
  );
  const servers: Server[] = [
    startServer('loadline', 5101, [
      process.execPath,
      packageCommand(),
      'serve',
      pickle,
      '--port',
      '5101',
      '--workers',
      '1',
      '--drain',
      '0s',
    ]),
    startServer('fastapi', 5102, [python, `${root}bench/peers/fastapi_app.py`, '5102'], { MODEL: pickle }),
    startServer('flask', 5103, [python, `${root}bench/peers/flask_app.py`, '5103'], { MODEL: pickle }),
  ];
  if (model === 'linear') {
    const coefficients = readFileSync(`${models}/linear-coefficients.txt`, 'utf8');
    servers.push(
      startServer('bare', 5104, [process.execPath, `${root}bench/peers/bare.mjs`, '5104', coefficients]),
    );
  }
  try {
    for (const server of servers) {
      const answer = JSON.parse(await firstAnswer(server, body)) as { prediction: number[] };
      const found = answer.prediction[0]!;
      const wanted = prediction[0]!;
      if (Math.abs(found - wanted) > 1e-9 * Math.abs(wanted)) {
        throw new Error(`${server.name} answered ${found}, scikit-learn ${wanted}`);
      }
      wrk(server.port, script, 1);
    }
    const rates = new Map<string, number[]>(servers.map((server) => [server.name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) {
        const { rps, errors } = wrk(server.port, script, seconds);
        if (errors > 0) {
          throw new Error(`${server.name} answered ${errors} requests with an error`);
        }
        rates.get(server.name)!.push(rps);
        console.error(`  ${model} round ${round + 1}/${rounds} ${server.name}: ${Math.round(rps)} req/s`);
      }
    }
    const rate = (name: string): number => median(rates.get(name) ?? [Number.NaN]);
    const ratio = (name: string): number => rate('loadline') / rate(name);
    const per = (name: string): string => `${Math.round(rate('loadline'))} ÷ ${Math.round(rate(name))} req/s`;
    return model === 'linear'
      ? [
          {
            what: 'linear, ÷ bare node:http',
            value: ratio('bare'),
            target: 0.85,
            atLeast: true,
            detail: per('bare'),
          },
          {
            what: 'linear, ÷ FastAPI',
            value: ratio('fastapi'),
            target: 10,
            atLeast: true,
            detail: per('fastapi'),
          },
          { what: 'linear, ÷ Flask', value: ratio('flask'), target: 25, atLeast: true, detail: per('flask') },
        ]
      : [
          {
            what: 'forest, ÷ FastAPI',
            value: ratio('fastapi'),
            target: 60,
            atLeast: true,
            detail: per('fastapi'),
          },
          {
            what: 'forest, ÷ Flask',
            value: ratio('flask'),
            target: null,
            atLeast: true,
            detail: per('flask'),
          },
        ];
  } finally {
    await Promise.all(servers.map(stopServer));
  }
}
