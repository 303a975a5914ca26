/** Opens a model from disk: a model file, or a folder with an MLmodel. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Limits } from '../bytes/limits.ts';
import type { Model } from '../model/model.ts';
import { readModelFolder } from './mlflow/folder.ts';
import type { ReadFile } from './model-file.ts';
import { buildModel, readModelFile } from './model-file.ts';
import { readBytes } from './read-bytes.ts';

/**
 * Reads and audits a file or a model folder without building a model from it: safe for any file. Throws what `readBytes`,
 * `readModelFile` and `readModelFolder` throw.
 */
export async function inspectModel(path: string, limits: Partial<Limits> = {}): Promise<ReadFile> {
  return (await isFolder(path))
    ? readModelFolder(path, limits)
    : readModelFile(basename(path), await readBytes(path, limits), limits);
}

/** Opens the model in a file or a model folder. Throws what `inspectModel` and `buildModel` throw. */
export async function openModel(path: string, limits: Partial<Limits> = {}): Promise<Model> {
  return buildModel(await inspectModel(path, limits));
}

/** What cannot be looked at is left to the one who reads it, who says why. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
