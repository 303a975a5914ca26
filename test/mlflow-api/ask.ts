/** Sends requests, and reads answers without what differs between two servers that do the same. */
import { request as httpRequest } from 'node:http';
import type { Request } from './requests.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** One request; `host` and `origin` may be anything, which `fetch` forbids. */
export async function ask(url: string, { ask: line, body, contentType, headers }: Request): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ');
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const type = contentType === undefined ? (text === null ? null : 'application/json') : contentType;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = httpRequest(
    new URL(path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`, url),
    {
      method,
      headers: {
        ...(text !== null && { 'content-length': Buffer.byteLength(text) }),
        ...(type !== null && { 'content-type': type }),
        ...headers,
      },
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          type: (response.headers['content-type'] ?? '').split(';')[0]!,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    },
  );
  sent.on('error', reject);
  sent.end(text ?? undefined);
  return promise;
}

/** Asks one server all of them, in order; each answer without ids and times. */
export async function askAll(url: string, requests: readonly Request[]): Promise<readonly unknown[]> {
  const kept = new Map<string, string>();
  const answers: unknown[] = [];
  for (const request of requests) {
    const filled = fill(request, kept);
    const answer = await ask(url, filled);
    const parsed = parse(answer.body);
    for (const [name, path] of Object.entries(request.keep ?? {})) {
      const value = path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], parsed);
      kept.set(`$${name}`, String(value));
    }
    answers.push({ status: answer.status, body: withoutNoise(parsed, kept) });
  }
  return answers;
}

function fill(request: Request, kept: ReadonlyMap<string, string>): Request {
  const text = JSON.stringify(request).replace(/\$[a-z]+/g, (name) => kept.get(name) ?? name);
  return JSON.parse(text) as Request;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function withoutNoise(value: unknown, kept: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'number') {
    return value > 1.79e12 && value < 1e14 ? '<time>' : value;
  }
  if (typeof value === 'string') {
    let text = value;
    for (const [name, id] of kept) {
      // Short ones are numbers of experiments, which are the same everywhere.
      text = id.length > 8 ? text.replaceAll(id, name) : text;
    }
    // Sets have no order, and what SQLAlchemy says is no word of MLflow's.
    return text
      .replace(/\{('[^{}]*')\}/g, (_, items: string) => `{${items.split(', ').sort().join(', ')}}`)
      .replace(/ Error: \([\s\S]*/, '')
      .replace(/^[a-z]+-[a-z]+-\d{1,3}$/, '<random name>');
  }
  if (Array.isArray(value)) {
    return value.map((item) => withoutNoise(item, kept));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, withoutNoise(item, kept)]),
    );
  }
  return value;
}
