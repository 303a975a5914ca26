/** Requests at a constant rate, sent whether or not the server keeps up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LOAD_CORE, setting } from './process.ts';

export interface Attack {
  /** For its files. */
  readonly folder: string;
  readonly port: number;
  readonly body: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Hit {
  /** 0 for a request that got no answer. */
  readonly code: number;
  /** Milliseconds from the intended send to the end of the answer. */
  readonly latencyMs: number;
  readonly body: string;
  /** Value of `x-loadline-model`; empty without. */
  readonly version: string;
}

interface Result {
  readonly seq: number;
  readonly code: number;
  readonly timestamp: string;
  readonly latency: number;
  readonly body: string | null;
  readonly headers: Readonly<Record<string, readonly string[]>> | null;
}

/** Attacks from the load's core; latency counts from when a request should have been sent. */
export async function attack({ folder, port, body, rate, seconds }: Attack): Promise<Hit[]> {
  const whole = Math.round(rate);
  const bodyFile = join(folder, 'body.json');
  writeFileSync(bodyFile, body);
  const vegeta = setting('LOADLINE_VEGETA');
  const binary = join(folder, `${whole}.bin`);
  const args = [
    ...['-c', String(LOAD_CORE), vegeta, 'attack', `-rate=${whole}/1s`, `-duration=${seconds}s`],
    ...['-timeout=10s', '-max-workers=2000', `-body=${bodyFile}`],
    ...['-header=Content-Type: application/json', `-output=${binary}`],
  ];
  const run = spawn('taskset', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  run.stdin.end(`POST http://127.0.0.1:${port}/predict\n`);
  const [status] = (await once(run, 'exit')) as [number | null];
  if (status !== 0) {
    throw new Error(`vegeta ended with ${status}`);
  }
  const results: (Omit<Result, 'timestamp'> & { readonly at: number })[] = [];
  const encode = spawn(vegeta, ['encode', '--to=json', binary], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: encode.stdout })) {
    const result = JSON.parse(line) as Result;
    results.push({ ...result, at: milliseconds(result.timestamp) });
  }
  // The first request's own start is the origin of the schedule: request n should leave at origin + n / rate.
  const origin = results.reduce(
    (least, result) => Math.min(least, result.at - (result.seq * 1000) / whole),
    Number.POSITIVE_INFINITY,
  );
  return results.map(({ seq, code, at, latency, body, headers }) => ({
    code,
    latencyMs: at + latency / 1e6 - (origin + (seq * 1000) / whole),
    body: body === null ? '' : Buffer.from(body, 'base64').toString(),
    version: headers?.['X-Loadline-Model']?.[0] ?? '',
  }));
}

/** RFC 3339 with nanoseconds, which `Date` does not keep. */
function milliseconds(timestamp: string): number {
  const [, base, fraction = ''] = /^(.*?)(\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(timestamp) ?? [];
  const zone = timestamp.slice((base ?? '').length + fraction.length);
  return Date.parse(`${base}${zone}`) + Number(`0${fraction}`) * 1000;
}

/** A quantile of the latencies, nearest rank. */
export function percentile(hits: readonly Hit[], share: number): number {
  const sorted = hits.map((hit) => hit.latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
