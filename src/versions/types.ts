/** Model versions as every later layer sees them, whether they lie in a file, the embedded store, MLflow or DVC. */
import type { ModelReference } from './reference.ts';

/** Where time-consuming work reports to, and how it is ended. */
export interface Work {
  readonly signal: AbortSignal;
  /** `total` is null while it is not known. Bytes. */
  readonly onProgress: (what: string, done: number, total: number | null) => void;
  /** Something a person should know that is no error. */
  readonly note?: (text: string) => void;
}

/** A version that was looked up: all but its bytes. */
export interface FoundVersion {
  /** Name it is served by where none is given. */
  readonly name: string;
  /** `3`; for a bare file the first 12 hex digits of its sha256. */
  readonly version: string;
  /** Changes whenever the bytes behind the reference may have: what a watcher compares. */
  readonly identity: string;
  /** How a person would write exactly this version: `models:/house-price/3`. */
  readonly uri: string;
}

/** A version whose files are on this machine. */
export interface FetchedVersion extends FoundVersion {
  /** A model file, or a folder with an MLmodel. */
  readonly path: string;
}

/** What one reference leads to, now and later. */
export interface Source {
  readonly reference: ModelReference;
  /** Whether what it leads to can change without the reference changing: an alias, `latest`, a stage, a file. */
  readonly moves: boolean;
  /** Throws LL7001 to LL7004, LL7006 for a version that is not ready, LL7008, LL7009, LL7012, LL7018, LL1006. */
  find(work: Work): Promise<FoundVersion>;
  /** Brings the files here, whole and checked, or from the cache. Throws LL7001 to LL7007, LL7012, LL7018, LL1007. */
  fetch(found: FoundVersion, work: Work): Promise<FetchedVersion>;
}

/** A version as a registry lists it. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Of the run or the logged model that it came from, or as given to `models add`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  /** Where its files are, as the registry says it. */
  readonly source: string;
  readonly runId: string | null;
  readonly stage: string;
  /** `READY`, `PENDING_REGISTRATION` or `FAILED_REGISTRATION`. */
  readonly status: string;
  readonly aliases: readonly string[];
  /** Of the model file; null where the registry does not know it. */
  readonly sha256: string | null;
  readonly bytes: number | null;
}

export interface RegisteredModel {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Version by alias. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Newest first. */
  readonly versions: readonly ModelVersion[];
}

/** Something that happened to a model, newest first in a history. */
export interface HistoryEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind:
    | 'version-added'
    | 'version-deleted'
    | 'alias-moved'
    | 'alias-deleted'
    | 'tag'
    | 'model'
    | 'stage';
  readonly name: string;
  readonly version: string | null;
  readonly alias: string | null;
  /** For an alias: the version it was at, and the one it is at now. */
  readonly from: string | null;
  readonly to: string | null;
  /** Of an alias: that it went back, so that the next rollback goes back further. */
  readonly rollback?: boolean;
  /** Who, as the system or the client says it. */
  readonly by: string;
  readonly why: string;
}

export interface AliasMove {
  readonly name: string;
  readonly alias: string;
  readonly from: string | null;
  readonly to: string;
}

export interface Mark {
  readonly by: string;
  readonly why: string;
}

export interface MoveMark extends Mark {
  /** The version that the alias has to be at (null: nowhere), else LL7015; undefined does not look. */
  readonly expected?: string | null;
  /** A way back and no new choice: the next `previous` is the one before `version`. */
  readonly rollback?: boolean;
}

export interface AddRequest {
  readonly name: string;
  /** A model file or a folder with an MLmodel on this machine; or a run's model that the registry already has. */
  readonly from: { readonly path: string } | { readonly runId: string; readonly artifactPath: string };
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  /** Training data that lies beside the model, for later: drift and reference distributions. */
  readonly data: string | null;
  readonly by: string;
}

/** What `loadline models` steers: the embedded store or an MLflow server. */
export interface ModelRegistry {
  readonly kind: 'store' | 'mlflow';
  /** Folder or address, as a person would write it. */
  readonly place: string;
  models(work: Work): Promise<readonly RegisteredModel[]>;
  /** Throws LL7001 with the names that there are. */
  model(name: string, work: Work): Promise<RegisteredModel>;
  add(request: AddRequest, work: Work): Promise<ModelVersion>;
  setAlias(name: string, alias: string, version: string, mark: MoveMark, work: Work): Promise<AliasMove>;
  deleteAlias(name: string, alias: string, mark: Mark, work: Work): Promise<void>;
  /** A tag of a version, or of the model where `version` is null; `value` null deletes it. */
  setTag(name: string, version: string | null, key: string, value: string | null, work: Work): Promise<void>;
  /** Newest first. MLflow keeps none: there it is what Loadline itself did, kept as a tag of the model. */
  history(name: string, work: Work): Promise<readonly HistoryEvent[]>;
  /** The version that `alias` was at before, for `rollback`. Throws LL7014. */
  previous(name: string, alias: string, work: Work): Promise<string>;
  close(): void;
}
