/** What the parent process and its workers say to each other. */
import type { ErrorCode, ErrorDetail } from '../../errors.ts';
import type { Snapshot } from '../../monitor/metrics/snapshot.ts';
import type { CheckReport, FollowStatus, RosterPlan } from '../roster/plan.ts';
import type { Address } from '../server.ts';
import type { ServeSettings } from '../settings.ts';

/** To a worker. `id` pairs an answer with its question. */
export type ToWorker =
  /** First of all: a worker gets its settings through the channel, because the environment shows keys to others. */
  | {
      readonly type: 'start';
      readonly settings: ServeSettings;
      readonly plan: RosterPlan;
      /** It takes the place of one that died: the plan was checked then. */
      readonly isSuccessor: boolean;
    }
  | { readonly type: 'snapshot'; readonly id: number }
  /** Open and check what is new in the plan and keep the result aside. */
  | { readonly type: 'prepare'; readonly id: number; readonly plan: RosterPlan }
  /** Serve what was prepared, or drop it. */
  | { readonly type: 'commit'; readonly id: number }
  | { readonly type: 'discard'; readonly id: number }
  | { readonly type: 'note'; readonly follows: readonly FollowStatus[] }
  | { readonly type: 'drain'; readonly periodMs: number }
  /** Answers to what the worker asked. */
  | { readonly type: 'metrics'; readonly id: number; readonly text: string }
  | { readonly type: 'done'; readonly id: number; readonly error: WireError | null };

/** From a worker. */
export type FromWorker =
  | { readonly type: 'listening'; readonly address: Address }
  | { readonly type: 'failed'; readonly error: WireError }
  /** An answer when `id` is a number, else sent by itself now and then, so that a dead worker's counts stay. */
  | { readonly type: 'snapshot'; readonly id: number | null; readonly snapshot: Snapshot }
  /** Answer to prepare, commit and discard; `reports` of what was prepared. */
  | {
      readonly type: 'done';
      readonly id: number;
      readonly error: WireError | null;
      readonly reports?: readonly CheckReport[];
    }
  /** Questions: the metrics of all workers; load or unload a model in all workers. */
  | { readonly type: 'metrics'; readonly id: number }
  | { readonly type: 'load'; readonly id: number; readonly name: string }
  | { readonly type: 'unload'; readonly id: number; readonly name: string };

/** A LoadlineError as it crosses between processes. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: Omit<ErrorDetail, 'cause'>;
}
