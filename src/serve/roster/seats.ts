/** What one process serves at a moment: each version in its seat, ready to be picked. It is replaced as a whole. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Series, SeriesSet } from '../../monitor/metrics/series.ts';
import type { ModelLabels } from '../../monitor/metrics/snapshot.ts';
import type { Served } from '../protocols/define.ts';
import { placesOf } from './arrange.ts';
import { isChosen } from './canary.ts';
import { modelOf, type OpenRoster } from './open.ts';
import type { ModelPlan, VersionPlan } from './plan.ts';
import { createRecent, type Recent } from './recent.ts';

export type Role = 'champion' | 'canary' | 'shadow' | 'warm';

export interface Seat {
  readonly served: Served;
  readonly role: Role;
  readonly answered: Series;
  /** Rows that one slice of a batch takes, by the latest measure of this version: another one may be a thousand times as slow. */
  pace: number;
}

/** Rows of the first slice, before anything was measured: few enough for a slow model, and it grows fourfold a slice. */
const FIRST_PACE = 64;

export interface Shadow {
  readonly seat: Seat;
  readonly compared: Series;
  /** Of its columns among those of the champion, see `placesOf`. */
  readonly places: readonly number[] | null;
  /** Rows of one slice, by the latest measure; the first tells what one costs. */
  pace: number;
}

/** One model with its versions. */
export interface Bench {
  readonly name: string;
  readonly plan: ModelPlan;
  readonly champion: Seat | null;
  readonly canary: { readonly seat: Seat; readonly share: number; readonly keyHeader: string } | null;
  readonly shadow: Shadow | null;
  readonly byVersion: ReadonlyMap<string, Seat>;
  readonly recent: Recent;
}

export interface Seats {
  readonly open: OpenRoster;
  /** In the order of the plan; the first is the one of routes that name none. There is at least one. */
  readonly benches: readonly Bench[];
  readonly byName: ReadonlyMap<string, Bench>;
}

export interface SeriesSets {
  readonly answered: SeriesSet;
  readonly compared: SeriesSet;
}

/** Seats the versions of a roster; counts and recent rows go on from `before`. */
export function seat(open: OpenRoster, series: SeriesSets, before: Seats | null = null): Seats {
  const benches = open.plan.models.map((plan) =>
    seatModel(open, plan, series, before?.byName.get(plan.name)),
  );
  series.answered.prune();
  series.compared.prune();
  return { open, benches, byName: new Map(benches.map((bench) => [bench.name, bench])) };
}

function seatModel(open: OpenRoster, plan: ModelPlan, series: SeriesSets, before: Bench | undefined): Bench {
  const { name } = plan;
  const take = (version: VersionPlan, role: Role): Seat => ({
    role,
    served: serve(open, name, version),
    answered: series.answered.of([name, version.version, role]),
    pace: FIRST_PACE,
  });
  const champion = plan.champion === null ? null : take(plan.champion, 'champion');
  const canary =
    plan.canary === null
      ? null
      : {
          seat: take(plan.canary, 'canary'),
          share: plan.canary.share,
          keyHeader: plan.canary.keyHeader.toLowerCase(),
        };
  const shadow = plan.shadow === null ? null : seatShadow(take(plan.shadow, 'shadow'), champion, series);
  const seats = [
    ...plan.warm.map((version) => take(version, 'warm')),
    ...[shadow?.seat, canary?.seat, champion].filter((one) => one !== undefined && one !== null),
  ];
  return {
    name,
    plan,
    champion,
    canary,
    shadow,
    byVersion: new Map(seats.map((one) => [one.served.version ?? '', one])),
    // What is loaded after an unload may take other rows.
    recent: (champion === null ? null : before?.recent) ?? createRecent(),
  };
}

function seatShadow(seat: Seat, champion: Seat | null, { compared }: SeriesSets): Shadow {
  const { name, version, model } = seat.served;
  return {
    seat,
    compared: compared.of([name, version ?? '', champion?.served.version ?? '']),
    places: champion === null ? null : placesOf(champion.served.model.signature, model.signature),
    pace: 1,
  };
}

function serve(open: OpenRoster, name: string, plan: VersionPlan): Served {
  const version = plan.version === '' ? null : plan.version;
  return {
    model: modelOf(open, name, plan),
    name,
    version,
    header: ['x-loadline-model', headerText(version === null ? name : `${name}/${version}`)],
  };
}

/** A header takes visible ASCII; what is more is percent-encoded as in a URL. */
function headerText(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x7e]/gu, (char) => encodeURIComponent(char));
}

/**
 * Who answers a request that names no version: the canary for its share, else the champion; null while there is none.
 * `random` gives a number in [0, 1) for callers without a key.
 */
export function pickSeat(bench: Bench, headers: IncomingHttpHeaders, random: () => number): Seat | null {
  const { canary, champion } = bench;
  if (canary === null || champion === null) {
    return champion;
  }
  const key = headers[canary.keyHeader];
  const chosen =
    key === undefined || key.length === 0
      ? random() < canary.share
      : isChosen(bench.name, String(key), canary.share);
  return chosen ? canary.seat : champion;
}

/** How the metrics call what is served. */
export function labelsOf(seats: Seats): readonly ModelLabels[] {
  return seats.benches.flatMap((bench) =>
    [...bench.byVersion.values()].map(({ served: { model, name, version }, role }) => ({
      name,
      version: version ?? '',
      role,
      estimator: model.fitted.name,
      sklearn: model.origin.sklearn ?? '',
      sha256: model.origin.sha256,
    })),
  );
}
