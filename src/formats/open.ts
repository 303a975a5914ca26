/** Opens a model from disk: a model file, or a folder with an MLmodel. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Limits } from '../bytes/limits.ts';
import { unpackTrees } from '../estimators/tree/unpack.ts';
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
  if (await isFolder(path)) {
    return readModelFolder(path, limits);
  }
  const { bytes, sha256 } = await readBytes(path, limits);
  return readModelFile(basename(path), bytes, limits, null, sha256);
}

/** Opens the model in a file or a model folder. Throws what `inspectModel` and `buildModel` throw. */
export async function openModel(path: string, limits: Partial<Limits> = {}): Promise<Model> {
  return buildModel(await inspectModel(path, limits));
}

/** Time of one step of `openModelBeside`: what a request that comes in may have to wait for it. */
const STEP_MS = 1;
/** Time left to requests after each step: with it a server that is half busy stays below its capacity. */
const REST_MS = 4;

/**
 * As `openModel`, for a process that answers requests meanwhile: the file is read and its trees are unpacked in steps of a
 * few milliseconds. What cannot be divided, reading the pickle and laying out the model, takes some 1 ms per megabyte.
 */
export async function openModelBeside(path: string, limits: Partial<Limits> = {}): Promise<Model> {
  const read = await inspectModel(path, limits);
  await pause();
  let start = performance.now();
  for (const _ of unpackTrees(read.contents.root)) {
    if (performance.now() - start >= STEP_MS) {
      await pause();
      start = performance.now();
    }
  }
  await pause();
  return buildModel(read);
}

/** Lets what waits at the sockets be answered, and what comes meanwhile. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}

/** What cannot be looked at is left to the one who reads it, who says why. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
