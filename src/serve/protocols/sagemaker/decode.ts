/** SageMaker's scikit-learn container: a bare JSON array, CSV without a header, or a .npy array. */
import { LoadlineError } from '../../../errors.ts';
import type { Data } from '../../../model/data.ts';
import { dense } from '../../../model/data.ts';
import type { Signature } from '../../../model/model.ts';
import { rowsToData, splitRows, typeName } from '../../../model/rows.ts';
import { toFloat64 } from '../../../tensor/convert.ts';
import { readNpy } from '../../../tensor/npy.ts';
import { parseCsv } from '../../csv.ts';
import { type HttpRequest, header, mediaType, typeParameters } from '../../http.ts';
import { parsePythonJson } from '../../json.ts';
import type { Ask, Dialect, Served } from '../define.ts';

export const NPY_TYPE = 'application/x-npy';

/** How the answer is written, by the request's Accept. */
export type SageMakerAccept = 'json' | 'csv' | 'npy';

/** Throws LL2001, LL2002, LL2018, LL2019 and what `rowsToData` throws. */
export function decode(request: HttpRequest, served: Served, dialect: Dialect): Ask<SageMakerAccept> {
  const { signature } = served.model;
  return {
    rows: readRows(request, signature, dialect),
    method: 'predict',
    probabilities: false,
    detail: acceptOf(header(request, 'accept')),
  };
}

function readRows(request: HttpRequest, signature: Signature, dialect: Dialect): Data {
  const type = mediaType(request.contentType);
  if (type === NPY_TYPE) {
    return npyRows(request.body, signature);
  }
  if (type === 'text/csv') {
    const said = typeParameters(request.contentType).get('header');
    const first =
      said === 'present' || said === 'absent' ? said : dialect === 'sagemaker' ? 'absent' : 'auto';
    return asTheContainer(rowsToData(parseCsv(request.body, signature, first), signature), dialect);
  }
  const body = parsePythonJson(request.body);
  if (!Array.isArray(body)) {
    throw new LoadlineError(
      'LL2002',
      `The body is ${typeName(body)}: expected an array, one row or a list of rows`,
    );
  }
  return asTheContainer(rowsToData(splitRows(body, signature), signature), dialect);
}

/**
 * The container rounds JSON and CSV to float32 before it asks the model. Whoever asks for its dialect by name gets the
 * numbers it gave; otherwise nothing is rounded.
 */
function asTheContainer(rows: Data, dialect: Dialect): Data {
  return dialect === 'sagemaker' && rows.kind === 'dense'
    ? dense(rows.nRows, rows.nCols, rows.data.map(Math.fround))
    : rows;
}

function npyRows(body: Buffer, signature: Signature): Data {
  const array = readNpy(body);
  const { shape } = array;
  const [nRows, nCols] = shape.length === 1 ? [1, shape[0]!] : [shape[0] ?? 0, shape[1] ?? 0];
  if (signature.input !== 'features' || shape.length < 1 || shape.length > 2) {
    throw new LoadlineError('LL2019', `Expected a .npy array of rows of numbers, found the shape [${shape}]`);
  }
  const data = toFloat64(array);
  const rows = Array.from({ length: nRows }, (_, i) =>
    Array.from(data.subarray(i * nCols, (i + 1) * nCols), (x) => (Number.isNaN(x) ? null : x)),
  );
  return rowsToData(rows, signature);
}

function acceptOf(accept: string | undefined): SageMakerAccept {
  const type = mediaType(accept);
  return type === 'text/csv' ? 'csv' : type === NPY_TYPE ? 'npy' : 'json';
}
