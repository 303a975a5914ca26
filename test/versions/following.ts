/** What a server that follows a reference says of it, and what it answers. */
import assert from 'node:assert/strict';
import { ask, isClose, type Server, until } from '../serve/harness.ts';

/** A house as the example's model takes it. */
export type House = Readonly<Record<'area_m2' | 'rooms' | 'age_years' | 'distance_km', number>>;

/** Houses that differ, always the same. */
export function makeHouses(count: number): House[] {
  return Array.from({ length: count }, (_, i) => ({
    area_m2: 40 + ((i * 37) % 160) + 0.5,
    rooms: 1 + ((i * 5) % 7),
    age_years: (i * 13) % 90,
    distance_km: ((i * 29) % 200) / 8,
  }));
}

export interface Follow {
  readonly model: string;
  readonly reference: string;
  readonly wanted: string | null;
  readonly seenAt: string | null;
  readonly problem: { readonly code: string; readonly message: string; readonly since: string } | null;
}

/** What `/readyz` says, which has to be 200, of the first reference. */
export async function following(server: Pick<Server, 'url'>): Promise<Follow> {
  const { status, text } = await ask(`${server.url}/readyz`);
  assert.equal(status, 200, text);
  const [first] = (JSON.parse(text) as { readonly following: readonly Follow[] }).following;
  assert.ok(first !== undefined, text);
  return first;
}

/** `1 ` where `/metrics` says that all is well, else `0 ` and the code of the error. */
export async function followMetric(server: Pick<Server, 'url'>): Promise<string> {
  const { text } = await ask(`${server.url}/metrics`);
  const [, code, value] = /^loadline_follow_ok\{.*code="(\w*)"\} (\d)$/m.exec(text) ?? [];
  assert.ok(value !== undefined, text);
  return `${value} ${code}`;
}

/** Who answers a request that names no version: `house-price/2`. It has to answer. */
export async function answering(server: Pick<Server, 'url'>, row: unknown): Promise<string> {
  const { status, headers, text } = await ask(`${server.url}/predict`, { json: { features: row } });
  assert.equal(status, 200, text);
  return String(headers['x-loadline-model']);
}

/** Waits until a version answers on every one of several new connections, so in every worker. */
export async function untilAnswers(server: Pick<Server, 'url'>, row: unknown, who: string): Promise<void> {
  await until(async () => {
    const found = await Promise.all(Array.from({ length: 6 }, () => answering(server, row)));
    return found.every((one) => one === who);
  }, `${who} to answer`);
}

/** Every row alone and all in one request have to be answered as scikit-learn does, by `who`. */
export async function assertAnswers(
  server: Pick<Server, 'url'>,
  rows: readonly House[],
  expected: readonly number[],
  who: string,
): Promise<void> {
  const asked = await ask(`${server.url}/predict`, { json: { features: rows } });
  assert.equal(asked.status, 200, asked.text);
  assert.equal(asked.headers['x-loadline-model'], who);
  const { prediction } = JSON.parse(asked.text) as { prediction: number[] };
  assert.equal(prediction.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(isClose(prediction[i], value), `row ${i}: ${prediction[i]} is not ${value}`);
    const alone = await ask(`${server.url}/predict`, { json: { features: rows[i] } });
    const [found] = (JSON.parse(alone.text) as { prediction: number[] }).prediction;
    assert.ok(isClose(found, value), `row ${i} alone: ${found} is not ${value}`);
  }
}

/** The body of a V2 request with a tensor for each column. */
export function v2Body(rows: readonly House[]): unknown {
  return {
    inputs: Object.keys(rows[0]!).map((name) => ({
      name,
      datatype: 'FP64',
      shape: [rows.length, 1],
      data: rows.map((row) => row[name as keyof House]),
    })),
  };
}

export interface V2Answer {
  readonly model_name: string;
  readonly model_version: string;
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
}
