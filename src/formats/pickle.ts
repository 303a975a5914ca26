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
import { scanPickle } from '../pickle/read.ts';

/** What a file says before anything is built from it. */
export interface ReadFile {
  readonly origin: Origin;
  readonly pickle: PickleFile;
  readonly audit: Audit;
  /** Why the pickle could not be read to its end; then `pickle` holds what came before. Only kept for a dangerous file. */
  readonly failure: LoadlineError | null;
}

/**
 * Reads a pickle or joblib file as data and audits it. Safe for any file. Throws LL3001 to LL3004 and LL3007; but a broken
 * file that names something dangerous is given back, as its payload may stand before the damage.
 */
export function readModelFile(file: string, bytes: Uint8Array, limits: Partial<Limits> = {}): ReadFile {
  const { container, bytes: unpacked } = unwrap(bytes, limits);
  const { pickle, failure } = scanPickle(unpacked, limits);
  const audit = auditPickle(pickle, isEstimator);
  if (failure !== null && audit.verdict !== 'dangerous') {
    throw failure;
  }
  const libraries = describeOrigin(pickle);
  return {
    pickle,
    audit,
    failure,
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
  const [danger] = read.audit.dangers;
  if (danger !== undefined) {
    throw new LoadlineError(
      'LL3005',
      `Refused ${read.origin.file}: it ${danger.what} (byte ${danger.offset})`,
      {
        where: read.origin.file,
        offset: danger.offset,
      },
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
