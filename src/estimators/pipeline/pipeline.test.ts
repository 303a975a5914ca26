import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const SCALER = fakeObject('sklearn.preprocessing._data.StandardScaler', {
  mean_: fakeFloats([1, 2]),
  scale_: fakeFloats([2, 4]),
  with_mean: true,
  with_std: true,
  n_features_in_: 2,
  feature_names_in_: fakeList('area', 'age'),
});
const LINEAR = fakeObject('sklearn.linear_model._base.LinearRegression', {
  coef_: fakeFloats([1, 10]),
  intercept_: 0.5,
  n_features_in_: 2,
});
const SAMPLER = fakeObject('imblearn.over_sampling._smote.base.SMOTE', {});

function pair(...items: Inert[]): Inert {
  return { kind: 'tuple', items };
}

function pipeline(steps: Inert, className = 'sklearn.pipeline.Pipeline'): Inert {
  return fakeObject(className, { steps });
}

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  ['no steps', pipeline(fakeList()), 'LL4003', /at least one step/],
  ['steps that are a word', pipeline('steps'), 'LL4003', /a list/],
  ['a step without a name', pipeline(fakeList(pair(SCALER))), 'LL4003', /steps\[0\]/],
  [
    'a predictor before the end',
    pipeline(fakeList(pair('a', LINEAR), pair('b', LINEAR))),
    'LL4003',
    /steps\[0\].*transforms/,
  ],
  [
    'a sampler in scikit-learn’s own pipeline',
    pipeline(fakeList(pair('smote', SAMPLER), pair('b', LINEAR))),
    'LL3006',
    /SMOTE/,
  ],
  [
    'another class of imblearn',
    pipeline(
      fakeList(pair('b', fakeObject('imblearn.ensemble._forest.BalancedRandomForestClassifier', {}))),
      'imblearn.pipeline.Pipeline',
    ),
    'LL3006',
    /BalancedRandomForestClassifier/,
  ],
  [
    'a weight that is no number',
    fakeObject('sklearn.pipeline.FeatureUnion', {
      transformer_list: fakeList(pair('s', SCALER)),
      transformer_weights: { kind: 'dict', entries: [['s', 'heavy']] },
    }),
    'LL4003',
    /transformer_weights/,
  ],
  [
    'a predictor in a union',
    fakeObject('sklearn.pipeline.FeatureUnion', { transformer_list: fakeList(pair('l', LINEAR)) }),
    'LL4003',
    /a transformer/,
  ],
];

for (const [what, value, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => resolveEstimator(value, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

test('steps follow one another; passthrough and samplers are passed over', () => {
  const steps = fakeList(
    pair('p', 'passthrough'),
    pair('smote', SAMPLER),
    pair('scale', SCALER),
    pair('n', null),
    pair('fit', LINEAR),
  );
  const fitted = resolveEstimator(pipeline(steps, 'imblearn.pipeline.Pipeline'), 'model');
  // (3 − 1) / 2 + 10 · (10 − 2) / 4 + 0.5
  const target = fitted.predict?.(dense(1, 2, Float64Array.of(3, 10)));
  assert.ok(target?.kind === 'numbers' && target.data[0] === 21.5);
  assert.deepEqual(
    fitted.features?.map(({ name }) => name),
    ['area', 'age'],
  );
  assert.equal(fitted.transform, undefined);
  assert.equal(fitted.predictProba, undefined);
});

test('an input error names its step and the column it came from', () => {
  const fitted = resolveEstimator(pipeline(fakeList(pair('scale', SCALER), pair('fit', LINEAR))), 'model');
  assert.throws(
    () => fitted.predict?.(dense(2, 2, Float64Array.of(1, 2, 3, Number.NaN))),
    (error) => {
      assert.ok(error instanceof LoadlineError);
      const { row, field, where } = error.detail;
      assert.deepEqual(
        { code: error.code, row, field, where },
        {
          code: 'LL2007',
          row: 1,
          field: 'column 1',
          where: 'fit',
        },
      );
      return true;
    },
  );
});
