/** The embedded store: files by content, a SQLite catalog, one folder. The `loadline models` commands and the MLflow API stand on it. */
import type { DatabaseSync } from 'node:sqlite';
import type { AliasMove, HistoryEvent, Mark, ModelVersion, MoveMark, RegisteredModel } from '../types.ts';

export interface ArtifactEntry {
  /** Relative to the folder that was listed. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Bytes; null for a folder. */
  readonly size: number | null;
}

export interface ArtifactFile {
  /** The blob on disk: never to be written to. */
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
}

/** Files by path, kept by content: putting a path again points it at the new content. */
export interface Artifacts {
  /** Streams into a blob; the path is there only once all of it is. Throws LL7007 for a path that leaves the store, LL1007. */
  put(path: string, body: AsyncIterable<Uint8Array>): Promise<ArtifactFile>;
  /** Entries directly below a folder; none where there is none. Throws LL7007. */
  list(path: string): readonly ArtifactEntry[];
  /** All files below a folder, by path. Throws LL7007. */
  files(path: string): readonly VersionFile[];
  /** Throws LL7007. */
  open(path: string): ArtifactFile | null;
  /** Forgets a file or a folder; blobs stay until `gc`. Says how many files. */
  remove(path: string): number;
}

export interface NewVersion {
  readonly name: string;
  /** As MLflow shows it: `models:/m-…`, `mlflow-artifacts:/…`. */
  readonly source: string;
  /** Folder among the artifacts that holds its files. */
  readonly artifactPath: string;
  readonly runId: string | null;
  readonly runLink?: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Of `models add`; those of a run are looked up where they lie. */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly sha256?: string | null;
  readonly bytes?: number | null;
  readonly by: string;
  readonly why?: string;
}

/** A version with what only the store knows. */
export interface StoredVersion extends ModelVersion {
  /** Of this version for ever; another model of the same name, made later, has others. */
  readonly uid: string;
  readonly artifactPath: string;
  readonly runLink: string;
  readonly updatedAt: number;
}

/** A file below a folder. */
export interface VersionFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

export interface StoredModel extends RegisteredModel {
  readonly versions: readonly StoredVersion[];
  readonly updatedAt: number;
}

/** Every write is one transaction and one line of history. Names are looked up exactly; LL7001 lists those that there are. */
export interface Catalog {
  models(): readonly StoredModel[];
  model(name: string): StoredModel;
  hasModel(name: string): boolean;
  version(name: string, version: string): StoredVersion;
  /** The version an alias is at. Throws LL7001 with the aliases that there are. */
  byAlias(name: string, alias: string): StoredVersion;
  /** The version with the highest number. Throws LL7001. */
  latest(name: string): StoredVersion;
  /** The version an alias is at, and nothing else: for those that look often. */
  aliasVersion(name: string, alias: string): string | null;
  /**
   * Files of a version by path. They are those that lay in its folder when it was made; only where there were none yet,
   * those that lie there now.
   */
  files(version: StoredVersion): readonly VersionFile[];
  /** Throws LL7010; LL7011 when it exists. */
  createModel(
    name: string,
    options: { description: string | null; tags: Readonly<Record<string, string>>; by: string },
  ): StoredModel;
  updateModel(name: string, description: string): StoredModel;
  renameModel(name: string, to: string, by: string): StoredModel;
  /** History stays. */
  deleteModel(name: string, mark: Mark): void;
  /** Makes the model where there is none. Numbers are never used twice in the life of a model. */
  createVersion(version: NewVersion): StoredVersion;
  updateVersion(
    name: string,
    version: string,
    change: { description?: string; stage?: string; status?: string },
    by: string,
  ): StoredVersion;
  /** Throws LL7011 while a running server uses it; `force` false also while an alias is at it. Aliases go with it. */
  deleteVersion(name: string, version: string, mark: Mark & { readonly force: boolean }): void;
  setAlias(name: string, alias: string, version: string, mark: MoveMark): AliasMove;
  /** Says whether there was one. */
  deleteAlias(name: string, alias: string, mark: Mark): boolean;
  setTag(name: string, version: string | null, key: string, value: string | null, by?: string): void;
  /** Newest first; of all models without a name. Also of a model that was deleted or had this name once. */
  history(name?: string): readonly HistoryEvent[];
  /** Where `rollback` goes (../previous.ts). Throws LL7014. */
  previous(name: string, alias: string): string;
}

/** What a running server holds, so that `gc` leaves it. */
export interface Holds {
  /** Replaces what `holder` held; `ttlMs` after the last call it counts for nothing. */
  hold(
    holder: string,
    versions: readonly { readonly name: string; readonly version: string }[],
    ttlMs: number,
  ): void;
  release(holder: string): void;
  /** Holders of a version that are alive. */
  holders(name: string, version: string): readonly string[];
}

export interface GcPlan {
  readonly versions: readonly { readonly name: string; readonly version: string; readonly why: string }[];
  /** Those that were asked for and stay, with the reason. */
  readonly kept: readonly { readonly name: string; readonly version: string; readonly why: string }[];
  /** Blobs that nothing points at and their bytes. */
  readonly blobs: number;
  readonly bytes: number;
}

export interface Store {
  readonly folder: string;
  /** For the tables that the MLflow API adds of its own (`tracking_…`); one connection a process. */
  readonly database: DatabaseSync;
  readonly artifacts: Artifacts;
  readonly catalog: Catalog;
  readonly holds: Holds;
  close(): void;
}
