/** One file of a model from a server to the disk: resumed where it broke off, whole, and as long as it was said to be. */
import { createHash } from 'node:crypto';
import { createReadStream, rmSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { LoadlineError } from '../../errors.ts';
import { Passing, withRetries } from '../../net/retry.ts';
import type { MlflowClient } from './client.ts';

export interface Download {
  readonly url: URL;
  /** For messages: `model.pkl of models:/house-price/3`. */
  readonly what: string;
  /** Bytes, where the listing says. */
  readonly size: number | null;
  /** Bytes until it is given up. */
  readonly most: number;
  /** Where it ends up. */
  readonly file: string;
  /** Where it grows; with `.etag` beside it. */
  readonly part: string;
  /** Called with the bytes that are here. */
  readonly onBytes: (bytes: number) => void;
}

/** Less than that between two breaks is no progress: whoever sends a byte at a time is given up. */
const PROGRESS = 64 * 1024;
const SHA256_ETAG = /^(?:W\/)?"?(?:sha256:)?([0-9a-f]{64})"?$/i;

/** Throws LL7001 to LL7004, LL7006 for a file that is not what was said, LL7018; errors of the system as they are. */
export async function download(client: MlflowClient, file: Download, signal: AbortSignal): Promise<void> {
  for (;;) {
    const before = await sizeOf(file.part);
    try {
      await withRetries(
        client.timing,
        signal,
        () => {},
        () => attempt(client, file, signal),
      );
      break;
    } catch (error) {
      // A link that breaks again and again still gets on.
      if (signal.aborted || !isBreak(error) || (await sizeOf(file.part)) - before < PROGRESS) {
        throw error;
      }
    }
  }
  await rename(file.part, file.file);
  await rm(`${file.part}.etag`, { force: true });
}

function isBreak(error: unknown): boolean {
  return error instanceof LoadlineError && error.code === 'LL7002';
}

async function attempt(client: MlflowClient, file: Download, signal: AbortSignal): Promise<void> {
  const tag = await readFile(`${file.part}.etag`, 'utf8').catch(() => null);
  // Without a tag the rest could be that of another file.
  const have = tag === null ? 0 : await sizeOf(file.part);
  const range: Record<string, string> =
    tag === null || have === 0 ? {} : { Range: `bytes=${have}-`, 'If-Range': tag };
  const response = await client.open(file.url, range, signal);
  try {
    await receive(client, file, response, have, tag, signal);
  } finally {
    response.destroy();
  }
}

async function receive(
  client: MlflowClient,
  file: Download,
  response: IncomingMessage,
  have: number,
  tag: string | null,
  signal: AbortSignal,
): Promise<void> {
  const status = response.statusCode ?? 0;
  if (status === 416) {
    // What is here already is all there is, or not of this file any more.
    await startOver(file);
    throw passing(file, 'its range is not that of this file any more');
  }
  const { etag, 'content-type': type = '', 'content-length': length } = response.headers;
  if (type.startsWith('text/html') && !/\.html?$/.test(file.url.href)) {
    throw new LoadlineError('LL7004', `Cannot read ${file.what}: ${file.url.host} answers with HTML`, {
      where: client.url,
    });
  }
  const start = status === 206 ? rangeStart(response, file) : 0;
  if (status === 206 && (start !== have || (etag !== undefined && etag !== tag))) {
    await startOver(file);
    throw passing(file, `it goes on at byte ${start} instead of ${have}`);
  }
  const total = length === undefined ? null : start + Number(length);
  if (total !== null && file.size !== null && total !== file.size) {
    throw damaged(file, `it has ${total} bytes, the listing says ${file.size}`);
  }
  if (start === 0) {
    // A weak tag promises no equal bytes (RFC 9110, 13.1.5).
    if (etag !== undefined && !etag.startsWith('W/')) {
      // At once: what has arrived is lost when the connection breaks while nobody reads.
      writeFileSync(`${file.part}.etag`, etag);
    } else {
      rmSync(`${file.part}.etag`, { force: true });
    }
  }
  const end = await append(client, file, response, start, signal);
  const wanted = total ?? file.size;
  if (wanted !== null && end !== wanted) {
    throw passing(file, `it broke off after ${end} of ${wanted} bytes`);
  }
  const sha256 = SHA256_ETAG.exec(etag ?? '')?.[1];
  if (sha256 !== undefined) {
    await checkHash(file, sha256.toLowerCase(), signal);
  }
}

/** Writes the body at its place; gives where it ends. */
async function append(
  client: MlflowClient,
  file: Download,
  response: IncomingMessage,
  start: number,
  signal: AbortSignal,
): Promise<number> {
  const target = await open(file.part, start === 0 ? 'w' : 'r+');
  let at = start;
  try {
    for await (const chunk of readChunks(client, file, response)) {
      if (at + chunk.length > (file.size ?? file.most)) {
        throw damaged(file, `it has more than ${file.size ?? file.most} bytes`);
      }
      await target.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      file.onBytes(at);
      signal.throwIfAborted();
    }
    return at;
  } finally {
    await target.close();
  }
}

/** The body's pieces; a break is one of the connection, apart from faults of the disk. */
async function* readChunks(
  client: MlflowClient,
  file: Download,
  response: IncomingMessage,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) {
      yield chunk as Buffer;
    }
  } catch (error) {
    const failure = client.connectionFailure(error, `read ${file.what}`);
    // Silence in the middle is a break as well: what came is kept.
    throw failure instanceof LoadlineError && failure.code === 'LL7002' ? new Passing(failure) : failure;
  }
}

async function checkHash(file: Download, wanted: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file.part, { signal })) {
    hash.update(chunk as Buffer);
  }
  const found = hash.digest('hex');
  if (found !== wanted) {
    await startOver(file);
    throw damaged(file, `its sha256 is ${found}, the server says ${wanted}`);
  }
}

async function startOver(file: Download): Promise<void> {
  await rm(file.part, { force: true });
  await rm(`${file.part}.etag`, { force: true });
}

function rangeStart(response: IncomingMessage, file: Download): number {
  const range = response.headers['content-range'] ?? '';
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
  if (start === undefined || (total !== '*' && file.size !== null && Number(total) !== file.size)) {
    throw damaged(
      file,
      `its part is "${range}"${file.size === null ? '' : `, the listing says ${file.size} bytes`}`,
    );
  }
  return Number(start);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

function damaged({ what }: Download, how: string): LoadlineError {
  return new LoadlineError('LL7006', `Cannot use ${what}: ${how}`, { where: what });
}

function passing({ what }: Download, how: string): Passing {
  return new Passing(new LoadlineError('LL7006', `Cannot read ${what}: ${how}`, { where: what }));
}
