/** What following a reference comes to, without touching anything: time is passed in. */
import type { ErrorCode } from '../../errors.ts';
import type { FoundVersion } from '../../versions/types.ts';
import { type ModelPlan, type RosterPlan, type VersionPlan, versionsOf } from '../roster/plan.ts';

/** A version that could not be made to answer. */
export interface Failure {
  readonly version: string;
  readonly identity: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** Of the first try; milliseconds since 1970. */
  readonly since: number;
  /** When it is tried again, by the clock that `decide` is given. */
  readonly retryAt: number;
  readonly tries: number;
}

export type Decision =
  | { readonly kind: 'stay'; readonly reason: string }
  /** The wanted version failed: it is not tried again yet. */
  | { readonly kind: 'wait'; readonly reason: string }
  /** `open` is the version where it is already being served in another seat: nothing has to be fetched or checked. */
  | { readonly kind: 'move'; readonly open: VersionPlan | null; readonly reason: string };

/** The version itself is at fault: read, audited or checked again it fails again. */
const AT_FAULT = /^LL(3\d\d\d|4\d\d\d|7005|7007|7013)$/;
/** Opening a large model again and again would take the time of requests. */
const FAULTY_FIRST_MS = 60_000;
const FAULTY_MOST_MS = 15 * 60_000;
/** A download that broke, a worker that died: likely to work next time. */
const OTHER_MOST_MS = 60_000;

/**
 * What to do about a version that a reference was found to be at. `forced` is a person's wish: it loads a model that was
 * unloaded and tries a failed version at once.
 */
export function decide(
  model: ModelPlan,
  found: FoundVersion,
  failure: Failure | null,
  forced: boolean,
  now: number,
): Decision {
  const { champion } = model;
  if (champion === null && !forced) {
    return { kind: 'stay', reason: 'the model was unloaded' };
  }
  if (champion !== null && isAt(champion, found)) {
    return { kind: 'stay', reason: `version ${found.version} is served` };
  }
  if (failure !== null && isAt(failure, found) && now < failure.retryAt && !forced) {
    return { kind: 'wait', reason: `version ${found.version} failed: ${failure.message}` };
  }
  return {
    kind: 'move',
    open: versionsOf(model).find((version) => isAt(version, found)) ?? null,
    reason: `${champion?.version ?? 'nothing'} is served, ${found.version} is wanted`,
  };
}

function isAt(version: Pick<VersionPlan, 'version' | 'identity'>, found: FoundVersion): boolean {
  return version.version === found.version && version.identity === found.identity;
}

/**
 * Notes that a version failed. A version that is itself at fault is tried again after a minute, then ever later up to a
 * quarter of an hour; anything else at the next poll, then ever later up to a minute.
 */
export function noteFailure(
  before: Failure | null,
  found: FoundVersion,
  error: { readonly code: ErrorCode; readonly message: string },
  intervalMs: number,
  at: { readonly now: number; readonly wall: number },
): Failure {
  const again = before !== null && isAt(before, found);
  const tries = again ? before.tries + 1 : 1;
  const [firstMs, mostMs] = AT_FAULT.test(error.code)
    ? [FAULTY_FIRST_MS, FAULTY_MOST_MS]
    : [intervalMs, Math.max(intervalMs, OTHER_MOST_MS)];
  return {
    version: found.version,
    identity: found.identity,
    code: error.code,
    message: error.message,
    since: again ? before.since : at.wall,
    retryAt: at.now + Math.min(firstMs * 2 ** (tries - 1), mostMs),
    tries,
  };
}

/**
 * The plan with `next` as the champion of a model. The champion before is kept warm, the first of all, so that going
 * back takes no time; of those kept so only the latest stays, beside the `pinned` versions, which are always kept. A
 * canary or shadow that became the champion has done its work: its seat is empty from then on.
 */
export function moveChampion(
  plan: RosterPlan,
  name: string,
  next: VersionPlan,
  pinned: ReadonlySet<string>,
): RosterPlan {
  return {
    models: plan.models.map((model) => {
      if (model.name !== name) {
        return model;
      }
      const { champion } = model;
      const isNext = ({ version, identity }: VersionPlan): boolean =>
        version === next.version && identity === next.identity;
      // A file that was written over is no longer there to go back to.
      const before = champion === null || champion.path === next.path ? [] : [champion];
      // One version number has one content; that of the champion counts.
      const others = [...before, ...model.warm].filter(({ version }) => version !== next.version);
      const latest = others.find(({ version }) => !pinned.has(version));
      return {
        name,
        champion: { version: next.version, path: next.path, identity: next.identity },
        canary: model.canary !== null && isNext(model.canary) ? null : model.canary,
        shadow: model.shadow !== null && isNext(model.shadow) ? null : model.shadow,
        warm: others.filter((version) => version === latest || pinned.has(version.version)),
      };
    }),
  };
}
