/** Opens the embedded store, or makes one. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LoadlineError } from '../../errors.ts';
import { openArtifacts } from './artifacts.ts';
import { openCatalog } from './catalog.ts';
import { openHolds } from './holds.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';
import { BUSY_MS, storeError, writing } from './transaction.ts';
import type { Store } from './types.ts';

const MAGIC = 'SQLite format 3\0';
/** Length of SQLite's file header, and where it has the schema and the application (https://sqlite.org/fileformat2.html). */
const HEADER = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;

const README = `This folder is a Loadline model store.

catalog.db        models, versions, aliases, tags, metrics and their history (SQLite)
blobs/sha256/     files, each named by the sha256 of its bytes
incoming/         files while they are being written
checkouts/        versions as folders, made when they are served; may be deleted while no server runs

Nothing here is to be edited by hand: use \`loadline models\`. To back it up while it is in use, copy catalog.db with
\`sqlite3 catalog.db ".backup copy.db"\` first and blobs/ after it; or use \`loadline models export\`.
`;

export interface OpenOptions {
  /** Makes the store where there is none; else LL1006. */
  readonly create: boolean;
  /** Who does what no one is named for; default: the system's user. */
  readonly by?: string;
}

/**
 * Opens the store in a folder. Every process has its own; any number of them may have it open at once.
 *
 * @throws LoadlineError LL1006 where there is none, LL1007, LL7008 for a folder that is something else, may not be
 * written or was made by a newer Loadline (nothing is touched then), LL7009
 */
export function openStore(folder: string, options: OpenOptions): Store {
  try {
    return open(folder, options);
  } catch (error) {
    throw storeError(folder, error);
  }
}

function open(folder: string, { create, by = user() }: OpenOptions): Store {
  const file = join(folder, 'catalog.db');
  const fresh = examine(folder, file);
  if (fresh !== null) {
    if (!create) {
      throw new LoadlineError('LL1006', `Cannot open the model store ${folder}: ${fresh}`, {
        where: folder,
        fix: '`loadline models add model.pkl --name NAME` makes it; --store or LOADLINE_STORE names another folder.',
      });
    }
    try {
      mkdirSync(folder, { recursive: true });
    } catch (cause) {
      throw new LoadlineError(
        'LL7008',
        `Cannot make the model store ${folder}: ${(cause as Error).message}`,
        { where: folder, cause },
      );
    }
  }
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  const database = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  try {
    migrate(database, folder);
    // Written through at every commit: a model that was promoted is promoted after a power cut too.
    database.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216');
    for (const name of ['blobs/sha256', 'incoming', 'checkouts']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    if (!existsSync(join(folder, 'README.txt'))) {
      writeFileSync(join(folder, 'README.txt'), README);
    }
    const catalogued = { database, folder };
    const artifacts = openArtifacts(catalogued);
    const holds = openHolds(catalogued);
    return {
      folder,
      database,
      holds,
      artifacts,
      catalog: openCatalog(catalogued, artifacts, holds, by),
      close: () => {
        if (database.isOpen) {
          database.close();
        }
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Null for a store; why there is none where one can be made. Only looks. Throws LL7008 for anything else. */
function examine(folder: string, file: string): string | null {
  const entry = statSync(folder, { throwIfNoEntry: false });
  if (entry === undefined) {
    return 'there is no such folder';
  }
  if (!entry.isDirectory()) {
    throw notAStore(folder, 'it is a file');
  }
  if (!existsSync(file)) {
    // A volume's own entries, and what desktops leave, say nothing.
    const others = readdirSync(folder).filter((name) => !name.startsWith('.') && name !== 'lost+found');
    if (others.length > 0) {
      throw notAStore(folder, `it has no catalog.db, but ${others.slice(0, 3).join(', ')}`);
    }
    return 'the folder is empty';
  }
  // A journal is that of a store whose making was cut off: SQLite mends it, and the look after that tells.
  if (!existsSync(`${file}-journal`)) {
    checkHeader(folder, file);
  }
  return null;
}

function checkHeader(folder: string, file: string): void {
  const header = Buffer.alloc(HEADER);
  const descriptor = openSync(file, 'r');
  let found: number;
  try {
    found = readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  if (found === 0) {
    return;
  }
  if (found < HEADER || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw notAStore(folder, 'its catalog.db is no SQLite database');
  }
  checkKind(folder, header.readUInt32BE(APPLICATION_ID_AT), header.readUInt32BE(USER_VERSION_AT));
}

function checkKind(folder: string, application: number, schema: number): void {
  if (application !== APPLICATION_ID) {
    throw notAStore(folder, 'its catalog.db was made by another program');
  }
  if (schema > MIGRATIONS.length) {
    throw new LoadlineError(
      'LL7008',
      `Cannot use the model store ${folder}: a newer Loadline made it (schema ${schema}, this one knows ${MIGRATIONS.length})`,
      { where: folder, fix: 'Use a Loadline at least as new as the one that wrote it; nothing was changed.' },
    );
  }
}

function notAStore(folder: string, why: string): LoadlineError {
  return new LoadlineError('LL7008', `Cannot use ${folder} as a model store: ${why}`, { where: folder });
}

/** Brings the catalog to the schema of this Loadline; two processes that make a store at once make one. */
function migrate(database: DatabaseSync, folder: string): void {
  const look = () => pragma(database, 'user_version');
  if (look() !== MIGRATIONS.length) {
    // Before write-ahead logging, so that the file's header says what it is as soon as there is one.
    writing({ database, folder }, () => {
      const schema = look();
      if (schema > 0) {
        checkKind(folder, pragma(database, 'application_id'), schema);
      }
      for (const sql of MIGRATIONS.slice(schema)) {
        database.exec(sql);
      }
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
    });
  }
  checkKind(folder, pragma(database, 'application_id'), look());
  database.exec('PRAGMA journal_mode = WAL');
}

function pragma(database: DatabaseSync, name: string): number {
  return database.prepare(`PRAGMA ${name}`).get()![name] as number;
}

function user(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the number of the user may have no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
