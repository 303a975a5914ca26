/** What a server serves, as plain data: made by whoever resolves references, carried out alike by every process. */

/** One version and where its files are on this machine. */
export interface VersionPlan {
  readonly version: string;
  /** A model file, or a folder with an MLmodel. */
  readonly path: string;
  /** Two plans with the same name, version and identity mean the same bytes: it is not opened again. */
  readonly identity: string;
}

export interface CanaryPlan extends VersionPlan {
  /** Of the requests, above 0 and below 1. */
  readonly share: number;
  /** Header whose value decides, so that one caller always meets the same version; where it is absent chance decides. */
  readonly keyHeader: string;
}

export interface ModelPlan {
  readonly name: string;
  /** Null where it was unloaded. */
  readonly champion: VersionPlan | null;
  readonly canary: CanaryPlan | null;
  /** Answers nobody: it is compared with the champion in the background. */
  readonly shadow: VersionPlan | null;
  /** Further versions that may be asked for by number, the version before among them so that a rollback is instant. */
  readonly warm: readonly VersionPlan[];
}

/** The first model is the one of routes that name none. */
export interface RosterPlan {
  readonly models: readonly ModelPlan[];
}

/** Every version of a model's plan. */
export function versionsOf(plan: ModelPlan): readonly VersionPlan[] {
  return [plan.champion, plan.canary, plan.shadow, ...plan.warm].filter((version) => version !== null);
}

/** How the answers of two versions to the same rows differ. */
export interface Difference {
  readonly rows: number;
  /** Rows with the same label, or with numbers equal to 1e-9 relative. */
  readonly agreeing: number;
  /** |new − old| over rows with numbers: median, 95th percentile, maximum; null for labels. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** What a version that is about to answer was put through. */
export interface CheckReport {
  readonly name: string;
  readonly version: string;
  /** The example of its MLmodel was answered; null where it has none. */
  readonly example: boolean | null;
  /** Compared with the version it replaces on recent requests; null where there is none, or no request yet. */
  readonly difference: Difference | null;
}

/** How following a reference goes, for `/readyz`, the log and the metrics. */
export interface FollowStatus {
  readonly name: string;
  /** `models:/house-price@champion`. */
  readonly reference: string;
  /** Milliseconds since 1970 of the last look-up that worked; null before the first. */
  readonly seenAt: number | null;
  /** The version that the reference is at. */
  readonly wanted: string | null;
  /** Why the wanted version does not answer, or why the reference cannot be looked up; null when all is well. */
  readonly problem: { readonly code: string; readonly message: string; readonly since: number } | null;
}
