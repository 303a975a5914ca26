/** MLflow model folders: an MLmodel, the model file that it names, and an example of its input. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExactJson } from '../../bytes/exact-json.ts';
import { parseExactJson, plainJson } from '../../bytes/exact-json.ts';
import type { Limits } from '../../bytes/limits.ts';
import { limitsOf } from '../../bytes/limits.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Declared, DeclaredInput } from '../../model/declared.ts';
import type { ReadFile } from '../model-file.ts';
import { readModelFile } from '../model-file.ts';
import type { FileBytes } from '../read-bytes.ts';
import { readBytes } from '../read-bytes.ts';
import { servingBody } from './example.ts';
import type { ExampleInfo, Mlmodel } from './mlmodel.ts';
import { parseMlmodel } from './mlmodel.ts';
import { parseSchema } from './signature.ts';

const MLMODEL = 'MLmodel';
/** A signature of 20,000 columns takes 1.5 MB. */
const MAX_MLMODEL_BYTES = 8 * 2 ** 20;
/** An example is a few rows. */
const MAX_EXAMPLE_BYTES = 16 * 2 ** 20;

/**
 * Reads the model of a folder and what its MLmodel declares; safe for any folder. What cannot be read of the signature or
 * the example is told in `declared.faults`. Throws LL7005 for a folder without an MLmodel, or one of a flavor that
 * Loadline does not read, LL7006 where the MLmodel or the model file is missing or broken, LL7007 for a path that leaves
 * the folder, and what `readModelFile` throws.
 */
export async function readModelFolder(path: string, limits: Partial<Limits> = {}): Promise<ReadFile> {
  const mlmodel = await readMlmodelOf(path, basename(path));
  const { bytes, sha256 } = await readPart(path, mlmodel.modelFile, limits);
  const declared = await readDeclared(path, mlmodel, limitsOf(limits));
  return readModelFile(basename(mlmodel.modelFile), bytes, limits, declared, sha256);
}

/** Reads the MLmodel of a folder, which errors call `folder`. Throws LL7005 to LL7007 as `readModelFolder`. */
export async function readMlmodelOf(path: string, folder: string): Promise<Mlmodel> {
  return parseMlmodel(await readMlmodel(path), folder);
}

async function readMlmodel(path: string): Promise<string> {
  const names = await readdir(path);
  if (!names.includes(MLMODEL)) {
    const models = names.filter((name) => /\.(?:pkl|pickle|joblib|skops)(?:\.\w+)?$/.test(name)).sort();
    throw new LoadlineError('LL7005', `Cannot use ${path}: it is a folder without an MLmodel`, {
      where: path,
      fix:
        models.length === 0
          ? 'Give a model file, or a folder that mlflow.sklearn.save_model or log_model wrote.'
          : `Give the model file itself: ${models.slice(0, 5).join(', ')}.`,
    });
  }
  const { bytes } = await readBytes(join(path, MLMODEL), { fileBytes: MAX_MLMODEL_BYTES });
  return Buffer.from(bytes).toString();
}

/** A file that the MLmodel names. */
async function readPart(path: string, name: string, limits: Partial<Limits>): Promise<FileBytes> {
  try {
    return await readBytes(join(path, name), limits);
  } catch (error) {
    if (isLoadlineError(error) && error.code === 'LL1006') {
      throw new LoadlineError(
        'LL7006',
        `Cannot read ${name}, which the MLmodel of ${basename(path)} names: it is not there or not readable`,
        { where: path, cause: error },
      );
    }
    throw error;
  }
}

async function readDeclared(path: string, mlmodel: Mlmodel, limits: Limits): Promise<Declared> {
  const faults: string[] = [];
  const example = mlmodel.example === null ? null : await readExample(path, mlmodel.example, limits, faults);
  return {
    ...mlmodel.declared,
    inputs: schemaOf('inputs', mlmodel.inputs, limits, faults),
    outputs: schemaOf('outputs', mlmodel.outputs, limits, faults),
    example,
    faults,
  };
}

function schemaOf(
  side: string,
  text: string | null,
  limits: Limits,
  faults: string[],
): readonly DeclaredInput[] | null {
  if (text === null) {
    return null;
  }
  const json = attempt(
    () => parseExactJson(Buffer.from(text), `the ${side} of the signature`, limits),
    faults,
  );
  const schema = json === undefined ? null : parseSchema(json);
  if (json !== undefined && schema === null) {
    faults.push(
      `Cannot read the ${side} of the signature: they are not the columns or tensors that MLflow writes`,
    );
  }
  return schema;
}

/** Null where there is no example, or none that can be read. */
async function readExample(
  path: string,
  info: ExampleInfo,
  limits: Limits,
  faults: string[],
): Promise<unknown> {
  const name = info.servingPath ?? info.path;
  if (name === null) {
    return null;
  }
  let bytes: Uint8Array;
  try {
    ({ bytes } = await readPart(path, name, { fileBytes: MAX_EXAMPLE_BYTES }));
  } catch (error) {
    if (!isLoadlineError(error)) {
      throw error;
    }
    faults.push(error.message);
    return null;
  }
  const json = attempt(() => parseExactJson(bytes, name, limits), faults);
  if (json === undefined) {
    return null;
  }
  return info.servingPath === null ? servingBody(json, info) : plainJson(json);
}

function attempt(parse: () => ExactJson, faults: string[]): ExactJson | undefined {
  try {
    return parse();
  } catch (error) {
    if (!isLoadlineError(error)) {
      throw error;
    }
    faults.push(error.message);
    return undefined;
  }
}
