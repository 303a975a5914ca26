/** From the bytes of a model file to what it says, and to the model. */
import { createHash } from 'node:crypto';
import type { Limits } from '../bytes/limits.ts';
import { LoadlineError } from '../errors.ts';
import { isEstimator, resolveEstimator } from '../estimators/resolve.ts';
import { describe, isObject } from '../estimators/state.ts';
import type { Declared } from '../model/declared.ts';
import type { Model, Origin } from '../model/model.ts';
import { signatureOf } from '../model/model.ts';
import type { Audit } from '../pickle/audit/audit.ts';
import { auditPickle } from '../pickle/audit/audit.ts';
import { describeOrigin } from '../pickle/origin.ts';
import type { Contents } from './define.ts';
import { FORMATS } from './list.ts';
import { pickleFormat } from './pickle.ts';

/** What a file says before anything is built from it. */
export interface ReadFile {
  readonly origin: Origin;
  readonly contents: Contents;
  readonly audit: Audit;
  /** What the MLmodel beside it says; null for a bare file. */
  readonly declared: Declared | null;
  /** Why the file could not be read to its end; then `contents` holds what came before. Only kept for a dangerous file. */
  readonly failure: LoadlineError | null;
}

/**
 * Reads a model file as data and audits it. Safe for any file. Throws LL3001 to LL3004 and LL3007; but a broken file that
 * names something dangerous is given back, as its payload may stand before the damage.
 */
export function readModelFile(
  file: string,
  bytes: Uint8Array,
  limits: Partial<Limits> = {},
  declared: Declared | null = null,
  sha256: string = createHash('sha256').update(bytes).digest('hex'),
): ReadFile {
  const format = FORMATS.find((candidate) => candidate.sniff(bytes)) ?? pickleFormat;
  const { contents, failure, container, unpackedBytes, joblib } = format.scan(bytes, limits);
  const audit = auditPickle(contents, isEstimator);
  if (failure !== null && audit.verdict !== 'dangerous') {
    throw failure;
  }
  return {
    contents,
    audit,
    failure,
    declared,
    origin: {
      file,
      sha256,
      bytes: bytes.length,
      unpackedBytes,
      container,
      format: format.name,
      protocol: contents.protocol,
      joblib,
      ...describeOrigin(contents),
    },
  };
}

/**
 * Builds the model that a file holds. Throws LL3005 for a file that names something dangerous, LL3006 where a
 * prediction would need a value made by unknown code, and LL400x for what cannot be evaluated.
 */
export function buildModel(read: ReadFile): Model {
  const { origin, declared } = read;
  const [danger] = read.audit.dangers;
  if (danger !== undefined) {
    const place = origin.format === 'skops' ? ' of schema.json' : '';
    throw new LoadlineError(
      'LL3005',
      `Refused ${origin.file}: it ${danger.what} (byte ${danger.offset}${place})`,
      { where: origin.file, offset: danger.offset },
    );
  }
  const { root } = read.contents;
  if (!isObject(root)) {
    throw new LoadlineError(
      'LL4005',
      `Cannot use ${origin.file} as a model: it holds ${describe(root)}, expected a fitted estimator`,
      { where: origin.file },
    );
  }
  const fitted = resolveEstimator(root, 'model');
  return { fitted, signature: signatureOf(fitted), origin, declared };
}
