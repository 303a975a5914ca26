/** What a server is started with, and what follows from it before it listens. */
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { type ApiKey, createKeyring } from '../config/keys.ts';
import type { Logger } from '../log.ts';
import { metricsLayout } from '../monitor/metrics/layout.ts';
import { renderMetrics } from '../monitor/metrics/render.ts';
import { ANSWERED, COMPARED, createSeries } from '../monitor/metrics/series.ts';
import { type Snapshot, takeSnapshot } from '../monitor/metrics/snapshot.ts';
import { createMetrics, type Metrics } from '../monitor/metrics/store.ts';
import { type Admission, createAdmission } from './admission.ts';
import type { Pipeline } from './pipeline.ts';
import type { Dialect, Repository, Site, SiteModel, SiteState, VertexRoutes } from './protocols/define.ts';
import { PROTOCOLS } from './protocols/list.ts';
import { createComparer } from './roster/compare.ts';
import type { OpenRoster } from './roster/open.ts';
import type { FollowStatus } from './roster/plan.ts';
import { type Bench, labelsOf, type Seats, seat } from './roster/seats.ts';
import { createRouter, type Router } from './router.ts';

export interface ServeOptions {
  /** What it serves at first. A model without a champion is still loading: the server then listens and is not ready. */
  readonly roster: OpenRoster;
  /** Version of Loadline. */
  readonly software: string;
  /** Loopback by default: whoever wants to be reached says so. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  readonly keys?: readonly ApiKey[];
  /** Requests per second of each key, counted in this process: divide it where several share the port. Null is no limit, because no number fits every model. */
  readonly keyRatePerSecond?: number | null;
  /** Lets everyone ask who reaches an address that is not loopback. */
  readonly allowAnonymous?: boolean;
  readonly dialect?: Dialect;
  readonly vertex?: VertexRoutes | null;
  readonly maxBodyBytes?: number;
  /** Waiting let in by a burst, see `admission.ts`. */
  readonly maxQueueMs?: number;
  /** What loads and unloads over HTTP do; without it, or without keys, there are none. */
  readonly repository?: Repository;
  /** The text of `/metrics`; by default that of this process alone. */
  readonly metricsText?: () => string | Promise<string>;
  /** Name of this process among its siblings in the metrics. */
  readonly worker?: string;
  readonly logger?: Logger | null;
  /** Lines of the access log per second; what is beyond is not written. 0 writes none. */
  readonly accessLogPerSecond?: number;
  /** How long an idle connection is kept; the default is longer than load balancers keep theirs. */
  readonly keepAliveMs?: number;
  readonly clock?: Clock;
  /** A number in [0, 1): which callers without a key meet a canary. */
  readonly random?: () => number;
}

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 5000;

/**
 * 16 MiB: some 10,000 rows of 80 numbers as JSON, and no more than a process parses in about 0.2 s, during which it
 * answers nobody else.
 */
export const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024;

/** What is served, swapped between two requests: a batch in progress keeps what it began with. */
export interface Slot {
  seats: Seats;
  follows: readonly FollowStatus[];
  phase: 'open' | 'draining' | 'closing';
}

export interface Core {
  readonly pipeline: Pipeline;
  readonly admission: Admission;
  readonly slot: Slot;
  /** Serves another roster from the next request on. */
  swap(roster: OpenRoster): void;
  /** The counters of this process now. */
  snapshot(): Snapshot;
}

/** Counters laid out as a server with these options has them: for adding up those of several. */
export function metricsOf(options: Pick<ServeOptions, 'keys' | 'dialect' | 'vertex'>): Metrics {
  return createMetrics(metricsLayout(routerOf(options).labels, keyNames(options)));
}

/** Builds all of a server but its sockets. */
export function createCore(options: ServeOptions): Core {
  const { keys = [], clock = systemClock, worker = '0' } = options;
  const router = routerOf(options);
  const metrics = createMetrics(metricsLayout(router.labels, keyNames(options)));
  const series = { answered: createSeries(ANSWERED), compared: createSeries(COMPARED) };
  const slot: Slot = { seats: seat(options.roster, series), follows: [], phase: 'open' };
  const admission = createAdmission(clock, options.maxQueueMs);
  const snapshot = (): Snapshot => {
    const { layout, values } = metrics;
    values[layout.inFlight.offset] = admission.waiting;
    values[layout.queue.offset] = admission.waitingMs / 1000;
    return takeSnapshot(metrics, series, {
      worker,
      models: labelsOf(slot.seats),
      follows: slot.follows.map(({ name, reference, seenAt, problem }) => ({
        name,
        reference,
        seenAt,
        code: problem?.code ?? null,
      })),
    });
  };
  const site: Site = {
    software: options.software,
    state: () => stateOf(slot, slot.seats.benches),
    models: () => slot.seats.benches.map((bench) => siteModel(slot, bench)),
    follows: () => slot.follows,
    metrics: options.metricsText ?? (() => renderMetrics(metrics.layout, [snapshot()])),
    routes: () => router.routes,
    repository: keys.length > 0 ? (options.repository ?? null) : null,
  };
  return {
    slot,
    admission,
    snapshot,
    swap(roster) {
      slot.seats = seat(roster, series, slot.seats);
    },
    pipeline: {
      router,
      site,
      keyring: createKeyring(keys, options.keyRatePerSecond ?? null, clock),
      metrics,
      comparer: createComparer(clock, () => admission.waiting > 0),
      seats: () => slot.seats,
      random: options.random ?? Math.random,
      clock,
      logger: options.logger ?? null,
      maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    },
  };
}

function routerOf(options: Pick<ServeOptions, 'dialect' | 'vertex'>): Router {
  return createRouter(PROTOCOLS, { dialect: options.dialect ?? 'auto', vertex: options.vertex ?? null });
}

function keyNames(options: Pick<ServeOptions, 'keys'>): readonly string[] {
  return (options.keys ?? []).map(({ name }) => name);
}

function stateOf(slot: Slot, benches: readonly Bench[]): SiteState {
  if (slot.phase !== 'open') {
    return slot.phase;
  }
  return benches.every(({ champion }) => champion !== null) ? 'ready' : 'loading';
}

function siteModel(slot: Slot, bench: Bench): SiteModel {
  return {
    name: bench.name,
    state: stateOf(slot, [bench]),
    served: bench.champion?.served ?? null,
    versions: [...bench.byVersion.keys()].filter((version) => version !== ''),
  };
}
