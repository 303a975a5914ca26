/** KServe V1: `{"instances": […]}` or `{"inputs": […]}`. */
import { LoadlineError } from '../../../errors.ts';
import { rowsToData, typeName } from '../../../model/rows.ts';
import type { HttpRequest } from '../../http.ts';
import { parseJson } from '../../json.ts';
import type { Ask, Served } from '../define.ts';

/** Throws LL2001, LL2002 and what `rowsToData` throws. */
export function decode(request: HttpRequest, served: Served): Ask<null> {
  const body = parseJson(request.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LoadlineError(
      'LL2002',
      `Expected an object with "instances" or "inputs", found ${typeName(body)}`,
    );
  }
  const { inputs, instances } = body as { readonly inputs?: unknown; readonly instances?: unknown };
  // KServe takes "inputs" where both are there.
  const [key, list] = inputs === undefined ? ['instances', instances] : ['inputs', inputs];
  if (list === undefined) {
    throw new LoadlineError('LL2002', 'Expected "instances" or "inputs" in the body');
  }
  if (!Array.isArray(list)) {
    throw new LoadlineError('LL2002', `Expected "${key}" to be a list, found ${typeName(list)}`);
  }
  const { signature } = served.model;
  const rows = signature.input === 'features' ? list.map(plainInstance) : list;
  return { rows: rowsToData(rows, signature), method: 'predict', probabilities: false, detail: null };
}

/**
 * An instance as a row: a scalar is a row of one feature, and an object may hold its values in lists of one, because
 * KServe itself makes a DataFrame of each instance.
 */
function plainInstance(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) {
    return [instance];
  }
  if (Array.isArray(instance) || !Object.values(instance).some(Array.isArray)) {
    return instance;
  }
  const row: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(instance)) {
    row[name] = Array.isArray(value) && value.length === 1 ? value[0] : value;
  }
  return row;
}
