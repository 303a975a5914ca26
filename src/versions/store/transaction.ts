/** Every look into the catalog and every change of it goes through here: whole or not at all, faults as ours. */
import type { DatabaseSync } from 'node:sqlite';
import { isLoadlineError, LoadlineError } from '../../errors.ts';

/** How long one process waits for another's write before LL7009; writes take milliseconds. */
export const BUSY_MS = 10_000;

// Primary result codes of SQLite (https://sqlite.org/rescode.html).
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** The database of a store, and the folder that messages name. */
export interface Catalogued {
  readonly database: DatabaseSync;
  readonly folder: string;
}

/** Runs what only reads. Throws LL7008, LL7009. */
export function reading<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(folder, error);
  }
}

/**
 * Runs `work` as one transaction that holds the store's only write lock, or as part of the one under way. What it throws
 * undoes all of it. `work` must not wait for anything: everybody else waits for it.
 *
 * @throws LoadlineError LL1007 for a full disk, LL7008, LL7009
 */
export function writing<T>({ database, folder }: Catalogued, work: () => T): T {
  const inner = database.isTransaction;
  try {
    database.exec(inner ? 'SAVEPOINT part' : 'BEGIN IMMEDIATE');
    const result = work();
    database.exec(inner ? 'RELEASE part' : 'COMMIT');
    return result;
  } catch (error) {
    // A full disk may have ended the transaction already.
    if (database.isTransaction) {
      database.exec(inner ? 'ROLLBACK TO part; RELEASE part' : 'ROLLBACK');
    }
    throw storeError(folder, error);
  }
}

/** A fault of SQLite or of the file system as one of ours; others as they are. */
export function storeError(folder: string, error: unknown): unknown {
  if (isLoadlineError(error) || !(error instanceof Error)) {
    return error;
  }
  const detail = { where: folder, cause: error };
  const { code, errcode } = error as Error & { code?: string; errcode?: number };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LoadlineError(
      'LL1007',
      `Cannot write into the model store ${folder}: the disk is full`,
      detail,
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new LoadlineError('LL7008', `Cannot use the model store ${folder}: ${error.message}`, detail);
  }
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) {
    return error;
  }
  switch (errcode & 0xff) {
    case BUSY:
    case LOCKED:
      return new LoadlineError(
        'LL7009',
        `Cannot use the model store ${folder}: another process has held it for ${BUSY_MS / 1000} s`,
        detail,
      );
    case FULL:
      return new LoadlineError(
        'LL1007',
        `Cannot write into the model store ${folder}: the disk is full`,
        detail,
      );
    case IOERR:
      return new LoadlineError(
        'LL1007',
        `Cannot write into the model store ${folder}: ${error.message}`,
        detail,
      );
    case READONLY:
    case CORRUPT:
    case CANTOPEN:
    case NOTADB:
      return new LoadlineError('LL7008', `Cannot use the model store ${folder}: ${error.message}`, detail);
    default:
      return error;
  }
}
