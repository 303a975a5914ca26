/**
 * What happens to a request between its headers and its answer: route, key, content type, then with the body decode,
 * predict, encode. It touches no socket: the server feeds it, and so do the tests of protocols.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { Keyring } from '../config/keys.ts';
import { type ErrorCode, isLoadlineError, LoadlineError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Data } from '../model/data.ts';
import type { Signature } from '../model/model.ts';
import type { Prediction } from '../model/prediction.ts';
import { predict, transform } from '../model/prediction.ts';
import { countAnswered } from '../monitor/metrics/series.ts';
import { count, countError, countPrediction, countRequest, type Metrics } from '../monitor/metrics/store.ts';
import { SLICE_MS } from './admission.ts';
import type { Answer, HttpRequest } from './http.ts';
import type { Ask, PredictRoute, Protocol, Served, Site, SiteModel } from './protocols/define.ts';
import type { Comparer } from './roster/compare.ts';
import { type Bench, pickSeat, type Seat, type Seats } from './roster/seats.ts';
import type { Endpoint, Match, Router } from './router.ts';
import { joinPredictions, sliceRows } from './slices.ts';

/** The header in which every refusal names its error code, whatever form its body has. */
export const CODE_HEADER = 'x-loadline-code';

export interface Pipeline {
  readonly router: Router;
  readonly site: Site;
  readonly keyring: Keyring;
  readonly metrics: Metrics;
  readonly comparer: Comparer;
  readonly seats: () => Seats;
  /** A number in [0, 1): which of the callers without a key meet a canary. */
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger | null;
  /** Bytes of a body, compressed and not. */
  readonly maxBodyBytes: number;
}

/** What is known of a request before its body: Node's IncomingMessage is one. */
export interface Head {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** A request that may go on to its body. */
export interface Visit {
  readonly head: Head;
  readonly match: Match;
  readonly endpoint: Endpoint;
  /** Those that share the path; `endpoint` is the first. */
  readonly endpoints: readonly Endpoint[];
}

/** A request refused before its body. */
export interface Refusal {
  readonly answer: Answer;
  /** Place of its path in the metrics. */
  readonly metric: number;
}

/** Decides by the headers alone. */
export function enter(pipeline: Pipeline, head: Head): Visit | Refusal {
  const { router, keyring, site } = pipeline;
  const { method = 'GET', url = '/', headers } = head;
  const match = router.find(url);
  if (match === null) {
    const { protocol, path, near } = router.explain(url);
    return {
      answer: refuse(
        pipeline,
        protocol,
        new LoadlineError(
          'LL2011',
          `There is no route ${JSON.stringify(path.slice(0, 120))}${near === null ? '' : `: did you mean ${near}?`}`,
        ),
      ),
      metric: router.labels.length - 1,
    };
  }
  const { resource } = match;
  const any = (resource.post[0] ?? resource.get)!;
  const endpoint =
    method === 'POST' ? resource.post[0] : method === 'GET' || method === 'HEAD' ? resource.get : null;
  if (endpoint === undefined || endpoint === null) {
    const allow = ['allow', resource.allow];
    const answer: Answer =
      method === 'OPTIONS'
        ? { status: 204, type: '', body: '', headers: allow }
        : withHeaders(
            refuse(
              pipeline,
              any.protocol,
              new LoadlineError(
                'LL2013',
                `${match.path} does not take ${method.slice(0, 20)}: expected ${resource.allow}`,
              ),
            ),
            allow,
          );
    return { answer, metric: any.metric };
  }
  const visit: Visit = {
    head,
    match,
    endpoint,
    endpoints: method === 'POST' ? resource.post : [endpoint],
  };
  const { route, protocol, metric } = endpoint;
  try {
    if (keyring.names.length > 0 && !(route.kind === 'plain' && route.isOpen(head))) {
      const refusal = checkKey(pipeline, protocol, headers.authorization);
      if (refusal !== null) {
        return { answer: refusal, metric };
      }
    }
    if (route.kind === 'predict') {
      checkTypes(visit);
      if (site.state() === 'closing') {
        throw new LoadlineError('LL5002', 'The server is shutting down');
      }
    }
    const length = headers['content-length'];
    if (length !== undefined && Number(length) > pipeline.maxBodyBytes) {
      throw tooLarge(pipeline.maxBodyBytes, Number(length));
    }
  } catch (error) {
    return { answer: refuse(pipeline, protocol, error), metric };
  }
  return visit;
}

function checkKey(pipeline: Pipeline, protocol: Protocol, authorization: string | undefined): Answer | null {
  const { keyring, metrics } = pipeline;
  const key = keyring.find(authorization);
  if (key < 0) {
    const found = authorization === undefined ? 'no Authorization header' : 'one that does not match';
    return withHeaders(
      refuse(pipeline, protocol, new LoadlineError('LL2016', `A valid API key is needed, found ${found}`)),
      ['www-authenticate', 'Bearer realm="loadline"'],
    );
  }
  count(metrics, metrics.layout.keyRequests, key);
  const waitSeconds = keyring.take(key);
  if (waitSeconds === 0) {
    return null;
  }
  count(metrics, metrics.layout.keyLimited, key);
  return withHeaders(
    refuse(
      pipeline,
      protocol,
      new LoadlineError('LL2017', `The key "${keyring.names[key]}" is over its rate`),
    ),
    ['retry-after', String(Math.ceil(waitSeconds))],
  );
}

/** One of the routes that share the path has to read the content type. */
function checkTypes(visit: Visit): void {
  let first: unknown = null;
  for (const { route } of visit.endpoints) {
    if (route.kind !== 'predict') {
      continue;
    }
    try {
      route.checkType(visit.head.headers['content-type']);
      return;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** The refusal of a body over the limit; `found` is −1 where its size is not known. */
export function tooLarge(limit: number, found: number): LoadlineError {
  return new LoadlineError(
    'LL2009',
    `The body is too large: expected at most ${limit} bytes, found ${found < 0 ? 'more' : found}`,
  );
}

/** A body without its content coding. Throws LL2010 for an unknown one, LL2020 for a broken one, LL2009 over the limit. */
function decompress(pipeline: Pipeline, head: Head, body: Buffer): Buffer {
  const encoding = head.headers['content-encoding']?.trim().toLowerCase();
  if (encoding === undefined || encoding === 'identity' || encoding === '') {
    return body;
  }
  if (encoding !== 'gzip' && encoding !== 'x-gzip' && encoding !== 'deflate') {
    throw new LoadlineError(
      'LL2010',
      `Cannot read the content encoding "${encoding.slice(0, 80)}": expected gzip or deflate`,
    );
  }
  try {
    const options = { maxOutputLength: pipeline.maxBodyBytes };
    return encoding === 'deflate' ? inflateSync(body, options) : gunzipSync(body, options);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw tooLarge(pipeline.maxBodyBytes, -1);
    }
    throw new LoadlineError('LL2020', `The body is not a whole ${encoding} stream`, { cause });
  }
}

/** The request as a protocol sees it. Throws what `decompress` throws. */
function requestOf(pipeline: Pipeline, visit: Visit, body: Buffer): HttpRequest {
  const { head, match } = visit;
  return {
    path: match.path,
    headers: head.headers,
    contentType: head.headers['content-type'],
    body: decompress(pipeline, head, body),
  };
}

/** Answers a route that does not predict. */
export async function answerPlain(pipeline: Pipeline, visit: Visit, body: Buffer): Promise<Answer> {
  const { route, protocol } = visit.endpoint;
  if (route.kind !== 'plain') {
    throw new TypeError(`${route.path} predicts`);
  }
  try {
    const about = siteModel(pipeline, findBench(pipeline, visit), visit);
    return await route.handle(requestOf(pipeline, visit, body), pipeline.site, about);
  } catch (error) {
    return refuse(pipeline, protocol, error);
  }
}

/** A prediction on its way. */
export interface Task {
  readonly visit: Visit;
  readonly body: Buffer;
  /** Set by the first step of a batch that takes several. */
  begun: Begun | null;
  /** The version that was picked; null before, and where none could be. */
  seat: Seat | null;
  /** Rows that were asked for; 0 before the request was decoded. */
  rows: number;
}

/** A prediction before its first step. */
export function createTask(visit: Visit, body: Buffer): Task {
  return { visit, body, begun: null, seat: null, rows: 0 };
}

interface Begun {
  readonly endpoint: Endpoint;
  readonly route: PredictRoute;
  readonly bench: Bench;
  readonly seat: Seat;
  readonly ask: Ask;
  readonly parts: Prediction[];
  /** First row that is not yet predicted. */
  next: number;
  spentMs: number;
}

/** Works on a prediction for about one slice; gives its answer when it is done. */
export function stepTask(pipeline: Pipeline, task: Task): Answer | null {
  const { visit, begun } = task;
  if (begun !== null) {
    return stepBatch(pipeline, begun);
  }
  let { endpoint } = visit;
  try {
    const request = requestOf(pipeline, visit, task.body);
    endpoint = claim(visit.endpoints, request);
    const { route } = endpoint;
    if (route.kind !== 'predict') {
      throw new TypeError(`${route.path} does not predict`);
    }
    const bench = findBench(pipeline, visit);
    const seat = findSeat(pipeline, bench, visit);
    if (seat === null) {
      throw new LoadlineError('LL5003', `Model with name ${bench.name} is not ready.`);
    }
    task.seat = seat;
    const { served } = seat;
    const ask = route.decode(request, served);
    task.rows = ask.rows.nRows;
    if (ask.rows.nRows <= seat.pace) {
      const from = bench.shadow === null ? 0 : pipeline.clock.now();
      const prediction = evaluate(served, ask, 0, ask.rows.nRows);
      const tookMs = bench.shadow === null ? 0 : pipeline.clock.now() - from;
      return conclude(pipeline, { bench, seat, route, ask }, prediction, tookMs);
    }
    task.begun = { endpoint, route, bench, seat, ask, parts: [], next: 0, spentMs: 0 };
  } catch (error) {
    return labelled(refuse(pipeline, endpoint.protocol, error), task.seat);
  }
  return stepBatch(pipeline, task.begun);
}

function stepBatch(pipeline: Pipeline, begun: Begun): Answer | null {
  const { seat, ask, parts } = begun;
  const { nRows } = ask.rows;
  try {
    const to = Math.min(nRows, begun.next + seat.pace);
    const from = pipeline.clock.now();
    parts.push(evaluate(seat.served, ask, begun.next, to));
    const took = pipeline.clock.now() - from;
    adjustPace(seat, to - begun.next, took);
    begun.next = to;
    begun.spentMs += took;
    return to < nRows ? null : conclude(pipeline, begun, joinPredictions(parts), begun.spentMs);
  } catch (error) {
    return labelled(refuse(pipeline, begun.endpoint.protocol, error), seat);
  }
}

/** Encodes what was predicted, counts it, and keeps what comparisons need of it. */
function conclude(
  pipeline: Pipeline,
  { bench, seat, route, ask }: Pick<Begun, 'bench' | 'seat' | 'route' | 'ask'>,
  prediction: Prediction,
  tookMs: number,
): Answer {
  const { rows, method } = ask;
  const answer = route.encode(prediction, ask, seat.served);
  countPrediction(pipeline.metrics, rows.nRows);
  // The columns of a version that is asked for by number may be others.
  if (method === 'predict' && (seat.role === 'champion' || seat.role === 'canary')) {
    bench.recent.offer(rows);
  }
  if (bench.shadow !== null && seat.role === 'champion') {
    pipeline.comparer.offer({ shadow: bench.shadow, rows, method, prediction, tookMs });
  }
  return labelled(answer, seat);
}

/** Every answer says which version gave it, a refusal too. */
function labelled(answer: Answer, seat: Seat | null): Answer {
  if (seat === null) {
    return answer;
  }
  const { header } = seat.served;
  return answer.headers === undefined ? { ...answer, headers: header } : withHeaders(answer, header);
}

/** Which of the endpoints that share a path the request is for. */
function claim(endpoints: readonly Endpoint[], request: HttpRequest): Endpoint {
  const last = endpoints.length - 1;
  for (let i = 0; i < last; i++) {
    const { route } = endpoints[i]!;
    if (route.kind === 'predict' && route.claims?.(request) === true) {
      return endpoints[i]!;
    }
  }
  return endpoints[last]!;
}

/** The model that a request is about: the one in its path, else the first. Throws LL2012. */
function findBench(pipeline: Pipeline, { endpoint, match }: Visit): Bench {
  const { benches, byName } = pipeline.seats();
  if (endpoint.modelAt < 0) {
    return benches[0]!;
  }
  const name = match.params[endpoint.modelAt]!;
  const bench = byName.get(name);
  if (bench === undefined) {
    throw new LoadlineError('LL2012', `Model with name ${name.slice(0, 120)} does not exist.`);
  }
  return bench;
}

/** The version in the path, else the one whose turn it is. Throws LL2012 for one that is not served. */
function findSeat(pipeline: Pipeline, bench: Bench, { endpoint, match, head }: Visit): Seat | null {
  if (endpoint.versionAt < 0) {
    return pickSeat(bench, head.headers, pipeline.random);
  }
  const version = match.params[endpoint.versionAt]!;
  if (bench.champion === null) {
    return null;
  }
  const seat = bench.byVersion.get(version);
  if (seat === undefined) {
    const known = [...bench.byVersion.keys()].filter((name) => name !== '').join(', ');
    throw new LoadlineError(
      'LL2012',
      `Model with name ${bench.name} has no version ${version.slice(0, 120)}: expected ${known || 'none'}.`,
    );
  }
  return seat;
}

function siteModel(pipeline: Pipeline, bench: Bench, visit: Visit): SiteModel {
  const about = pipeline.site.models().find(({ name }) => name === bench.name)!;
  return visit.endpoint.versionAt < 0
    ? about
    : { ...about, served: findSeat(pipeline, bench, visit)?.served ?? null };
}

function evaluate(served: Served, ask: Ask, from: number, to: number): Prediction {
  const rows = to - from === ask.rows.nRows ? ask.rows : sliceRows(ask.rows, from, to);
  try {
    return ask.method === 'transform'
      ? { target: transform(served.model, rows), probabilities: null, classes: null }
      : predict(served.model, rows, ask.probabilities);
  } catch (error) {
    throw isLoadlineError(error) ? placed(error, ask.rows, served.model.signature, from) : error;
  }
}

/** An error of a slice with the row of the request, and with the name of the column where a matrix has lost it. */
function placed(error: LoadlineError, rows: Data, signature: Signature, from: number): LoadlineError {
  if (error.detail.row === undefined) {
    return error;
  }
  const row = error.detail.row + from;
  let { message } = error;
  let { field } = error.detail;
  if (error.code === 'LL2007' && rows.kind === 'dense') {
    const cells = rows.data.subarray(row * rows.nCols, (row + 1) * rows.nCols);
    const name = signature.features?.[cells.findIndex((cell) => !Number.isFinite(cell))]?.name;
    if (name !== undefined) {
      message = message.replace(/^(Row \d+, )column \d+/, (_, start: string) => start + name);
      field = name;
    }
  }
  message = message.replace(/^Row \d+/, `Row ${row}`);
  return new LoadlineError(error.code, message, {
    ...error.detail,
    row,
    ...(field === undefined ? {} : { field }),
  });
}

/** Few rows tell little of what many cost; and one measure may not raise the pace without bound. */
function adjustPace(seat: Seat, rows: number, tookMs: number): void {
  const fitting = Math.floor((rows * SLICE_MS) / Math.max(tookMs, 0.001));
  seat.pace = Math.max(1, Math.min(fitting, rows * 4));
}

/** Turns an error into the protocol's answer, counts it, and logs it when it is a defect of ours. */
export function refuse(pipeline: Pipeline, protocol: Protocol, error: unknown): Answer {
  const known = isLoadlineError(error) ? error : defect(pipeline, error);
  countError(pipeline.metrics, known.code);
  return withHeaders(protocol.encodeError(known), [CODE_HEADER, known.code]);
}

function defect(pipeline: Pipeline, error: unknown): LoadlineError {
  pipeline.logger?.error({ err: error, code: 'LL1099' satisfies ErrorCode }, 'a request failed by a defect');
  return new LoadlineError('LL1099', 'The request could not be answered', { cause: error });
}

/** Counts an answer. `receivedAt` is when the whole request was there; `task` where it was a prediction. */
export function countAnswer(
  pipeline: Pipeline,
  metric: number,
  status: number,
  receivedAt: number,
  task: Task | null = null,
): void {
  const seconds = (pipeline.clock.now() - receivedAt) / 1000;
  countRequest(pipeline.metrics, metric, status, seconds);
  if (task !== null && task.seat !== null) {
    const failed = status >= 400;
    countAnswered(task.seat.answered, failed ? 0 : task.rows, failed, seconds);
  }
}

function withHeaders(answer: Answer, headers: readonly string[]): Answer {
  return { ...answer, headers: answer.headers === undefined ? headers : [...answer.headers, ...headers] };
}
