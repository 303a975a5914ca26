/** Rows that one version takes as another one takes them. */
import { LoadlineError } from '../../errors.ts';
import type { Data } from '../../model/data.ts';
import type { Signature } from '../../model/model.ts';

/**
 * Where each column that `to` takes is among those that `from` takes, −1 where it is not there; null where rows go as
 * they are, because the columns are the same or have no names.
 */
export function placesOf(from: Signature, to: Signature): readonly number[] | null {
  if (!from.named || !to.named || from.features === null || to.features === null) {
    return null;
  }
  const known = new Map(from.features.map(({ name }, place) => [name, place]));
  const places = to.features.map(({ name }) => known.get(name) ?? -1);
  return places.every((place, i) => place === i) && places.length === known.size ? null : places;
}

/** Throws LL7013 where a column is not there. */
export function arrange(rows: Data, places: readonly number[] | null): Data {
  if (places === null || (rows.kind !== 'dense' && rows.kind !== 'table')) {
    return rows;
  }
  const missing = places.indexOf(-1);
  if (missing >= 0) {
    throw new LoadlineError('LL7013', `Callers do not send its column ${missing}`);
  }
  if (rows.kind === 'table') {
    const { names } = rows;
    return {
      ...rows,
      names: names === null ? null : places.map((place) => names[place]!),
      columns: places.map((place) => rows.columns[place]!),
    };
  }
  const { nRows, nCols } = rows;
  const data = new Float64Array(nRows * places.length);
  for (let row = 0; row < nRows; row++) {
    for (let i = 0; i < places.length; i++) {
      data[row * places.length + i] = rows.data[row * nCols + places[i]!]!;
    }
  }
  return { ...rows, nCols: places.length, data };
}
