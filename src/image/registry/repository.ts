/** One repository of a registry that speaks the OCI distribution specification 1.1. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { Passing, type Timing, TRIES, withRetries } from '../../net/retry.ts';
import { readBody } from '../../net/transport.ts';
import type { Blobs } from '../oci/blobs.ts';
import { type Descriptor, type Index, MEDIA } from '../oci/types.ts';
import type { OnProgress, ProgressEvent } from '../progress.ts';
import { type Digest, isDigest } from '../reference.ts';
import type { Scope } from './auth.ts';
import { connectionFailure, type Doing, placeOf } from './failures.ts';
import type { Answer, Session } from './session.ts';

export interface RawManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** How a blob came to be in a repository. */
export type BlobOutcome = 'exists' | 'mounted' | 'sent';

/** What the builder and `push` need of a repository. */
export interface Repository {
  /** The manifest or index of a tag or digest, its digest checked. Null when the registry says there is none. */
  manifest(tagOrDigest: string): Promise<RawManifest | null>;
  /** Puts a blob into `blobs` unless it is there, its digest and size checked. */
  pull(descriptor: Descriptor, blobs: Blobs): Promise<void>;
  /** Brings a blob in: not at all when it is there, mounted from one of `mountFrom` (repositories here), or sent. */
  push(descriptor: Descriptor, open: () => Readable, mountFrom?: readonly string[]): Promise<BlobOutcome>;
  pushManifest(
    tagOrDigest: string,
    manifest: { readonly bytes: Buffer; readonly mediaType: string },
  ): Promise<void>;
  /** Lists a pushed manifest as a referrer of its subject, where the registry does not do so itself (the tag scheme). */
  addReferrer(subject: Descriptor, referrer: Descriptor): Promise<void>;
}

export interface RepositoryOptions {
  readonly repository: string;
  /** The registry itself. */
  readonly home: Session;
  /** Asked before it when pulling. */
  readonly mirrors: readonly Session[];
  /** Mirrors that could not be reached; they are not asked again. */
  readonly dead: Set<Session>;
  readonly timing: Timing;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** The distribution specification asks registries to take as much; a manifest lists layers and is some kilobytes. */
const MAX_MANIFEST_BYTES = 4 << 20;
const ACCEPT = [MEDIA.index, MEDIA.manifest, MEDIA.dockerIndex, MEDIA.dockerManifest].join(', ');
/** What a mirror may fail with; all else is a failure of this side. */
const MIRROR_FAILURES = new Set(['LL6002', 'LL6003', 'LL6004', 'LL6005', 'LL6006', 'LL6007']);

export function openRepository(options: RepositoryOptions): Repository {
  const { repository, home, timing, signal, onProgress } = options;
  /** Manifests whose referrers the registry lists by itself, as it said when one was pushed. */
  const listed = new Set<string>();

  /** `what` ends where the name of the repository follows. */
  const doingAt = (session: Session, what: string): Doing => {
    const { name, prefix } = session.endpoint;
    const doing = { registry: name, repository: `${prefix}${repository}` };
    return { ...doing, what: `${what} ${placeOf(doing)}` };
  };

  /** Tries again what may pass, and tells of it. */
  const attempt = <T>(phase: ProgressEvent['phase'], item: string, work: () => Promise<T>): Promise<T> =>
    withRetries(
      timing,
      signal,
      ({ reason, ms, nextTry }) =>
        onProgress({
          phase,
          item,
          state: 'progress',
          note: `${reason}; trying again in ${(ms / 1000).toFixed(1)} s (${nextTry} of ${TRIES})`,
        }),
      work,
    );

  /** The first of the mirrors and the registry that has it; the registry's own failure where none has. */
  const fromAny = async <T>(
    item: string,
    work: (session: Session) => Promise<T | null>,
  ): Promise<T | null> => {
    const reasons: string[] = [];
    for (const mirror of options.mirrors) {
      if (options.dead.has(mirror)) {
        continue;
      }
      const { name } = mirror.endpoint;
      try {
        const found = await attempt('base', item, () => work(mirror));
        if (found !== null) {
          return found;
        }
        reasons.push(`the mirror ${name} does not have it`);
      } catch (error) {
        if (!isLoadlineError(error) || !MIRROR_FAILURES.has(error.code)) {
          throw error;
        }
        if (error.code === 'LL6003') {
          options.dead.add(mirror);
        }
        reasons.push(error.code === 'LL6002' ? `the mirror ${name} does not have it` : error.message);
      }
      onProgress({
        phase: 'base',
        item,
        state: 'progress',
        note: `${reasons.at(-1)}; asking the next`,
      });
    }
    try {
      return await attempt('base', item, () => work(home));
    } catch (error) {
      throw reasons.length > 0 && isLoadlineError(error) && MIRROR_FAILURES.has(error.code)
        ? new LoadlineError(error.code, `${error.message}. Before that: ${reasons.join('; ')}`, error.detail)
        : error;
    }
  };

  const getManifest = async (session: Session, tagOrDigest: string): Promise<RawManifest | null> => {
    const doing = doingAt(session, `read the manifest "${tagOrDigest}" of`);
    const answer = await session.send({
      method: 'GET',
      target: `${doing.repository}/manifests/${tagOrDigest}`,
      headers: { Accept: ACCEPT },
      scopes: [scopeOf(doing.repository, 'pull')],
      doing,
    });
    if (answer.status === 404) {
      answer.body.resume();
      return null;
    }
    if (answer.status !== 200) {
      throw await session.failure(answer, doing);
    }
    const bytes = await readAnswer(answer, doing);
    const digest = digestOf(bytes);
    const promised = header(answer, 'docker-content-digest');
    const wanted = isDigest(tagOrDigest) ? tagOrDigest : promised;
    // A digest of another kind cannot be compared; the registry is believed, as for a tag without one.
    if (wanted !== undefined && isDigest(wanted) && wanted !== digest) {
      throw new LoadlineError(
        'LL6007',
        `Cannot ${doing.what}: expected ${wanted}, found ${digest} (${bytes.length} bytes from ${answer.url.host})`,
        { where: placeOf(doing) },
      );
    }
    return { bytes, mediaType: header(answer, 'content-type')?.split(';')[0]?.trim() ?? '', digest };
  };

  const receive = async (session: Session, descriptor: Descriptor, blobs: Blobs): Promise<true> => {
    const { digest, size } = descriptor;
    const doing = doingAt(session, `pull ${shortOf(digest)} of`);
    const answer = await session.send({
      method: 'GET',
      target: `${doing.repository}/blobs/${digest}`,
      scopes: [scopeOf(doing.repository, 'pull')],
      doing,
    });
    if (answer.status !== 200) {
      throw await session.failure(answer, doing);
    }
    const writer = await blobs.writer();
    let received = 0;
    try {
      for await (const chunk of piecesOf(answer, doing)) {
        received += chunk.length;
        if (received > size) {
          throw new LoadlineError(
            'LL6007',
            `Cannot ${doing.what}: expected ${digest} of ${size} bytes, found more from ${answer.url.host}`,
            { where: placeOf(doing) },
          );
        }
        await writer.write(chunk);
        onProgress({
          phase: 'base',
          item: shortOf(digest),
          state: 'progress',
          doneBytes: received,
          totalBytes: size,
        });
      }
      await writer.commit({ digest, size });
      return true;
    } catch (error) {
      if (!isLoadlineError(error) || error.code !== 'LL6007') {
        throw error;
      }
      const failure = new LoadlineError(
        'LL6007',
        error.detail.where === placeOf(doing)
          ? error.message
          : `Cannot ${doing.what}: ${answer.url.host} sent ${received} of ${size} bytes: ${error.message}`,
        { where: placeOf(doing), cause: error },
      );
      // What is too short was cut on its way; what has its length and is another will be so again.
      throw received < size ? new Passing(failure) : failure;
    } finally {
      answer.body.destroy();
      await writer.abort();
    }
  };

  const has = async (descriptor: Descriptor, scopes: readonly Scope[], doing: Doing): Promise<boolean> => {
    const target = `${repository}/blobs/${descriptor.digest}`;
    const answer = await home.send({ method: 'HEAD', target, scopes, doing });
    if (answer.status === 200 || answer.status === 404) {
      answer.body.resume();
      return answer.status === 200;
    }
    throw await home.failure(answer, doing);
  };

  /** Mounted, or the address of an upload that the registry opened instead, or neither. */
  const mount = async (
    digest: Digest,
    from: string,
    scopes: readonly Scope[],
    doing: Doing,
  ): Promise<'mounted' | URL | null> => {
    let answer: Answer;
    try {
      answer = await home.send({
        method: 'POST',
        target: `${repository}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`,
        scopes: [...scopes, scopeOf(from, 'pull')],
        doing,
      });
    } catch (error) {
      // Some token servers refuse all when one of the scopes is not allowed; the blob can still be sent.
      if (isLoadlineError(error) && error.code === 'LL6004') {
        return null;
      }
      throw error;
    }
    if (answer.status === 201 || answer.status === 202) {
      answer.body.resume();
      return answer.status === 201 ? 'mounted' : home.locate(answer, doing);
    }
    const failure = await home.failure(answer, doing);
    if (failure instanceof Passing) {
      throw failure;
    }
    return null;
  };

  const openUpload = async (scopes: readonly Scope[], doing: Doing): Promise<URL> => {
    const answer = await home.send({ method: 'POST', target: `${repository}/blobs/uploads/`, scopes, doing });
    if (answer.status !== 202) {
      throw await home.failure(answer, doing);
    }
    answer.body.resume();
    return home.locate(answer, doing);
  };

  const upload = async (
    descriptor: Descriptor,
    open: () => Readable,
    session: URL,
    scopes: readonly Scope[],
    doing: Doing,
  ): Promise<void> => {
    const { digest, size } = descriptor;
    let sent = 0;
    const answer = await home.send({
      method: 'PUT',
      target: withDigest(session, digest),
      headers: { 'Content-Type': 'application/octet-stream' },
      body: {
        size,
        open() {
          sent = 0;
          return open();
        },
        onSent(bytes) {
          sent += bytes;
          onProgress({
            phase: 'push',
            item: shortOf(digest),
            state: 'progress',
            doneBytes: sent,
            totalBytes: size,
          });
        },
      },
      scopes,
      doing,
    });
    if (answer.status !== 201) {
      const failure = await home.failure(answer, doing);
      // The session is gone, as after a restart of the registry: the next try opens another.
      const isLost = answer.status === 404 && failure instanceof LoadlineError;
      throw isLost ? new Passing(failure) : failure;
    }
    answer.body.resume();
  };

  /** One try at bringing a blob in. What a try before has finished without hearing of it is found by HEAD. */
  const bring = async (
    descriptor: Descriptor,
    open: () => Readable,
    mountFrom: readonly string[],
    doing: Doing,
  ): Promise<{ readonly outcome: BlobOutcome; readonly note: string }> => {
    const scopes = [scopeOf(repository, 'pull,push')];
    if (await has(descriptor, scopes, doing)) {
      return { outcome: 'exists', note: 'already there' };
    }
    let session: URL | null = null;
    for (const from of mountFrom) {
      const mounted = from === repository ? null : await mount(descriptor.digest, from, scopes, doing);
      if (mounted === 'mounted') {
        return { outcome: 'mounted', note: `mounted from ${from}` };
      }
      session = mounted ?? session;
    }
    await upload(descriptor, open, session ?? (await openUpload(scopes, doing)), scopes, doing);
    return { outcome: 'sent', note: 'sent' };
  };

  const putManifest = async (
    tagOrDigest: string,
    manifest: { readonly bytes: Buffer; readonly mediaType: string },
  ): Promise<void> => {
    const doing = doingAt(home, `push the manifest "${tagOrDigest}" to`);
    await attempt('push', labelOf(tagOrDigest), async () => {
      const answer = await home.send({
        method: 'PUT',
        target: `${repository}/manifests/${tagOrDigest}`,
        headers: { 'Content-Type': manifest.mediaType },
        body: { size: manifest.bytes.length, open: () => Readable.from([manifest.bytes]) },
        scopes: [scopeOf(repository, 'pull,push')],
        doing,
      });
      if (answer.status !== 201) {
        throw await home.failure(answer, doing);
      }
      answer.body.resume();
      const subject = header(answer, 'oci-subject');
      if (subject !== undefined) {
        listed.add(subject);
      }
    });
  };

  return {
    async manifest(tagOrDigest) {
      const item = labelOf(tagOrDigest);
      onProgress({ phase: 'base', item, state: 'start' });
      const found = await fromAny(item, (session) => getManifest(session, tagOrDigest));
      onProgress({ phase: 'base', item, state: 'done', note: found === null ? 'not there' : found.digest });
      return found;
    },

    async pull(descriptor, blobs) {
      const { digest, size } = descriptor;
      const event = { phase: 'base', item: shortOf(digest), totalBytes: size } as const;
      if ((await blobs.size(digest)) === size) {
        onProgress({ ...event, state: 'skipped', note: 'already there' });
        return;
      }
      onProgress({ ...event, state: 'start' });
      await fromAny(event.item, (session) => receive(session, descriptor, blobs));
      onProgress({ ...event, state: 'done', doneBytes: size });
    },

    async push(descriptor, open, mountFrom = []) {
      const { digest, size } = descriptor;
      const event = { phase: 'push', item: shortOf(digest), totalBytes: size } as const;
      const doing = doingAt(home, `push ${event.item} to`);
      onProgress({ ...event, state: 'start' });
      const { outcome, note } = await attempt('push', event.item, () =>
        bring(descriptor, open, mountFrom, doing),
      );
      onProgress({
        ...event,
        note,
        ...(outcome === 'sent' ? { state: 'done', doneBytes: size } : { state: 'skipped' }),
      });
      return outcome;
    },

    async pushManifest(tagOrDigest, manifest) {
      const event = {
        phase: 'push',
        item: labelOf(tagOrDigest),
        totalBytes: manifest.bytes.length,
      } as const;
      onProgress({ ...event, state: 'start' });
      await putManifest(tagOrDigest, manifest);
      onProgress({
        ...event,
        state: 'done',
        doneBytes: manifest.bytes.length,
        note: digestOf(manifest.bytes),
      });
    },

    async addReferrer(subject, referrer) {
      if (listed.has(subject.digest)) {
        return;
      }
      const tag = subject.digest.replace(':', '-');
      const found = await attempt('push', labelOf(subject.digest), () => getManifest(home, tag));
      const index =
        found === null ? EMPTY_INDEX : parseReferrers(found.bytes, doingAt(home, 'add to the referrers in'));
      if (index.manifests.some(({ digest }) => digest === referrer.digest)) {
        return;
      }
      const bytes = Buffer.from(JSON.stringify({ ...index, manifests: [...index.manifests, referrer] }));
      await putManifest(tag, { bytes, mediaType: MEDIA.index });
    },
  };
}

const EMPTY_INDEX: Index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: [] };

function parseReferrers(bytes: Buffer, doing: Doing): Index {
  let value: Partial<Index> | null;
  try {
    value = JSON.parse(bytes.toString('utf8')) as Partial<Index> | null;
  } catch {
    value = null;
  }
  if (!Array.isArray(value?.manifests)) {
    throw new LoadlineError('LL6006', `Cannot ${doing.what}: expected an index, found something else`, {
      where: placeOf(doing),
    });
  }
  return { ...EMPTY_INDEX, ...value };
}

async function readAnswer(answer: Answer, doing: Doing): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readBody(answer.body, MAX_MANIFEST_BYTES);
  } catch (error) {
    throw connectionFailure(error, answer.url.host, doing);
  }
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new LoadlineError(
      'LL6006',
      `Cannot ${doing.what}: expected at most ${MAX_MANIFEST_BYTES} bytes, found more`,
      { where: placeOf(doing) },
    );
  }
  return bytes;
}

/** The pieces of a body, so that what fails in between is told from what the reader of them does. */
async function* piecesOf(answer: Answer, doing: Doing): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      yield chunk;
    }
  } catch (error) {
    throw connectionFailure(error, answer.url.host, doing);
  }
}

function scopeOf(repository: string, actions: 'pull' | 'pull,push'): Scope {
  return `repository:${repository}:${actions}`;
}

function header(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The address of an upload's session with the digest that ends it; what else is in its query belongs to the registry. */
function withDigest(session: URL, digest: Digest): URL {
  const url = new URL(session);
  // Not searchParams, which would write the rest of the query anew.
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return url;
}

function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** What people see of a digest. */
function shortOf(digest: Digest): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

function labelOf(tagOrDigest: string): string {
  return isDigest(tagOrDigest) ? shortOf(tagOrDigest) : tagOrDigest;
}
