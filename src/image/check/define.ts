/** The shape of a check: one thing that must hold of a server before it is trusted. */
import type { Signature } from '../../model/model.ts';
import type { Client } from './client.ts';
import type { Samples } from './samples.ts';
import type { Ability, RunLimits, Running, Target } from './target.ts';

export interface CheckContext {
  readonly target: Target;
  readonly server: Running;
  readonly client: Client;
  readonly limits: RunLimits;
  /** Of the model of the image, or of the one that was named; null where there is none to compare with. */
  readonly signature: Signature | null;
  /** Null without a model, and where it takes none of the rows. */
  readonly samples: Samples | null;
  /** How long the server may take until it is ready, in milliseconds. */
  readonly readyMs: number;
  /** Most bytes of the image, compressed where that is known; null for any. */
  readonly maxSizeBytes: number | null;
  readonly signal: AbortSignal;
}

export interface Finding {
  /** Null where it could not be checked. */
  readonly ok: boolean | null;
  /** One line: what was found, or why it could not be checked. */
  readonly detail: string;
  /** Measures, by a name with their unit. */
  readonly values?: Readonly<Record<string, number>>;
}

export interface Check {
  readonly name: string;
  /** What holds when it passes. */
  readonly title: string;
  /** Abilities without which it is not run; the target says why it lacks one. */
  readonly needs: readonly Ability[];
  /** What is thrown fails the check, a LoadlineError ends the test. */
  run(context: CheckContext): Promise<Finding>;
}

/** Types a check. */
export function defineCheck(check: Check): Check {
  return Object.freeze(check);
}
