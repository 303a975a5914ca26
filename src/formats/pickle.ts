/** scikit-learn models saved with pickle or joblib. */
import { createHash } from 'node:crypto';
import { unwrap } from '../bytes/container.ts';
import type { Limits } from '../bytes/limits.ts';
import { LoadlineError } from '../errors.ts';
import { isEstimator, resolveEstimator } from '../estimators/resolve.ts';
import { describe, isObject } from '../estimators/state.ts';
import type { Model, Origin } from '../model/model.ts';
import { signatureOf } from '../model/model.ts';
import type { Audit } from '../pickle/audit/audit.ts';
import { auditPickle } from '../pickle/audit/audit.ts';
import { describeOrigin } from '../pickle/origin.ts';
import type { PickleFile } from '../pickle/read.ts';
import { readPickle } from '../pickle/read.ts';

/** What a file says before anything is built from it. */
export interface ReadFile {
  readonly origin: Origin;
  readonly pickle: PickleFile;
  readonly audit: Audit;
}

/** Reads a pickle or joblib file as data and audits it. Safe for any file. Throws LL3001 to LL3004 and LL3007. */
export function readModelFile(file: string, bytes: Uint8Array, limits: Partial<Limits> = {}): ReadFile {
  const { container, bytes: unpacked } = unwrap(bytes, limits);
  const pickle = readPickle(unpacked, limits);
  const libraries = describeOrigin(pickle);
  return {
    pickle,
    audit: auditPickle(pickle, isEstimator),
    origin: {
      file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      unpackedBytes: unpacked.length,
      container,
      protocol: pickle.protocol,
      joblib: pickle.joblibArrays > 0,
      ...libraries,
    },
  };
}

/**
 * Builds the model that a file holds. Throws LL3005 for a file that names something dangerous, LL3006 where a
 * prediction would need a value made by unknown code, and LL400x for what cannot be evaluated.
 */
export function buildModel(read: ReadFile): Model {
  const dangerous = read.audit.globals.find((use) => use.verdict === 'dangerous');
  if (dangerous !== undefined) {
    throw new LoadlineError(
      'LL3005',
      `Refused ${read.origin.file}: it names ${dangerous.module}.${dangerous.name} (byte ${dangerous.offset})`,
      { where: read.origin.file, offset: dangerous.offset },
    );
  }
  const { root } = read.pickle;
  if (!isObject(root)) {
    throw new LoadlineError(
      'LL4005',
      `Cannot use ${read.origin.file} as a model: it holds ${describe(root)}, expected a fitted estimator`,
      { where: read.origin.file },
    );
  }
  const fitted = resolveEstimator(root, 'model');
  return { fitted, signature: signatureOf(fitted), origin: read.origin };
}
