/** Loadline's own request: `{"features": …, "probabilities"?: true}`. */

import { nearest } from '../../../bytes/nearest.ts';
import { LoadlineError } from '../../../errors.ts';
import { rowsToData, splitRows, typeName } from '../../../model/rows.ts';
import type { HttpRequest } from '../../http.ts';
import { parseJson } from '../../json.ts';
import type { Ask, Served } from '../define.ts';

const KEYS = ['features', 'probabilities'];

/** Throws LL2001, LL2002 and what `rowsToData` throws. */
export function decode(request: HttpRequest, served: Served): Ask<null> {
  const body = parseJson(request.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LoadlineError('LL2002', `The body is ${typeName(body)}: expected {"features": …}`);
  }
  let features: unknown;
  let probabilities: unknown = false;
  const members = body as Readonly<Record<string, unknown>>;
  for (const key in members) {
    if (key === 'features') {
      features = members.features;
    } else if (key === 'probabilities') {
      probabilities = members.probabilities;
    } else {
      throw unknownKey(key);
    }
  }
  if (features === undefined) {
    throw new LoadlineError('LL2002', 'The body has no "features"');
  }
  if (typeof probabilities !== 'boolean') {
    throw new LoadlineError(
      'LL2002',
      `"probabilities": expected true or false, found ${typeName(probabilities)}`,
    );
  }
  const { signature } = served.model;
  return {
    rows: rowsToData(splitRows(features, signature), signature),
    method: 'predict',
    probabilities,
    detail: null,
  };
}

function unknownKey(key: string): LoadlineError {
  const near = nearest(key, KEYS);
  const name = JSON.stringify(key.slice(0, 80));
  return new LoadlineError(
    'LL2002',
    `The body has an unknown key ${name}: ${near === null ? `expected ${KEYS.join(', ')}` : `did you mean "${near}"?`}`,
    { field: key.slice(0, 80) },
  );
}
