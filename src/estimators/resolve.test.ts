import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { LoadlineError } from '../errors.ts';
import { dense } from '../model/data.ts';
import type { Inert, PyObject } from '../pickle/inert.ts';
import { fakeFloats, fakeList, fakeObject } from './fake-state.ts';
import { resolveEstimator } from './resolve.ts';

const SCALER = fakeObject('sklearn.preprocessing._data.MaxAbsScaler', {
  scale_: fakeFloats([2]),
  n_features_in_: 1,
});

function union(...parts: Inert[]): PyObject {
  const items = parts.map((part, i): Inert => ({ kind: 'tuple', items: [`p${i}`, part] }));
  return fakeObject('sklearn.pipeline.FeatureUnion', { transformer_list: fakeList(...items) });
}

function refuses(value: Inert, code: ErrorCode, message: RegExp): void {
  assert.throws(
    () => resolveEstimator(value, 'model'),
    (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
  );
}

test('an estimator that contains itself is refused', () => {
  const steps = fakeList();
  const pipeline = fakeObject('sklearn.pipeline.Pipeline', { steps });
  steps.items.push({ kind: 'tuple', items: ['again', pipeline] });
  refuses(pipeline, 'LL3004', /levels deep/);
});

test('one part named over and over is read once, and refused where asking it would never end', () => {
  let model = SCALER;
  for (let level = 0; level < 10; level++) {
    model = union(model, model);
  }
  const fitted = resolveEstimator(model, 'model');
  const out = fitted.transform?.(dense(1, 1, Float64Array.of(3)));
  assert.ok(out?.kind === 'dense' && out.nCols === 1024 && out.data.every((x) => x === 1.5));
  for (let level = 0; level < 8; level++) {
    model = union(model, model);
  }
  refuses(model, 'LL3004', /parts/);
});

test('what is no estimator, no known class, or no class of scikit-learn is named', () => {
  refuses(fakeList(1), 'LL4005', /found a list of 1/);
  refuses(fakeObject('sklearn.cluster._dbscan.DBSCAN', {}), 'LL4001', /sklearn\.cluster\._dbscan\.DBSCAN/);
  refuses(fakeObject('mine.Model', {}), 'LL3006', /mine\.Model/);
});
