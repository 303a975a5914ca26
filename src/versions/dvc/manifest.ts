/** The list of a tracked folder's files that DVC keeps as a `.dir` object. */
import { LoadlineError } from '../../errors.ts';

export interface FolderFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** 32 hex digits. */
  readonly md5: string;
}

/** Throws LL7006 for what is not such a list, LL7007 for a path that leaves the folder. */
export function parseManifest(json: string, folder: string): readonly FolderFile[] {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    list = null;
  }
  if (!Array.isArray(list)) {
    throw broken(folder, 'expected a JSON list');
  }
  return list.map((entry: unknown, i) => {
    const { relpath, md5 } = Object(entry) as { relpath?: unknown; md5?: unknown };
    if (typeof relpath !== 'string' || typeof md5 !== 'string' || !/^[0-9a-f]{32}$/.test(md5)) {
      throw broken(folder, `entry ${i + 1} is not a relpath with an md5`);
    }
    if (leaves(relpath)) {
      throw new LoadlineError(
        'LL7007',
        `Cannot take ${JSON.stringify(relpath)} of ${folder}: it leaves the folder`,
      );
    }
    return { path: relpath, md5 };
  });
}

function leaves(path: string): boolean {
  return /[\\\0]/.test(path) || path.split('/').some((part) => part === '' || part === '.' || part === '..');
}

function broken(folder: string, found: string): LoadlineError {
  return new LoadlineError('LL7006', `Cannot read the list of files of ${folder}: ${found}`);
}
