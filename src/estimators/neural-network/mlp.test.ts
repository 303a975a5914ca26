import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const layers = {
  coefs_: fakeList(fakeFloats([1, 2, 3, 4, 5, 6], [2, 3]), fakeFloats([1, 2, 3], [3, 1])),
  intercepts_: fakeList(fakeFloats([0, 0, 0]), fakeFloats([0])),
  activation: 'relu',
  out_activation_: 'identity',
};
const binarizer = (type: string, classes: number[]): Inert =>
  fakeObject('sklearn.preprocessing._label.LabelBinarizer', { y_type_: type, classes_: fakeInts(classes) });

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['no layers', 'MLPRegressor', { ...layers, coefs_: fakeList() }, 'LL4003', /at least one layer/],
  [
    'layers that do not fit',
    'MLPRegressor',
    { ...layers, coefs_: fakeList(fakeFloats([1, 2], [2, 1]), fakeFloats([1, 2, 3], [3, 1])) },
    'LL4003',
    /coefs_\[1\]|intercepts_\[0\]/,
  ],
  [
    'a layer without offsets',
    'MLPRegressor',
    { ...layers, intercepts_: fakeList(fakeFloats([0, 0, 0])) },
    'LL4003',
    /intercepts_\[1\].*None/,
  ],
  ['an activation that is not known', 'MLPRegressor', { ...layers, activation: 'gelu' }, 'LL4004', /gelu/],
  [
    'one output for three classes',
    'MLPClassifier',
    { ...layers, _label_binarizer: binarizer('multiclass', [0, 1, 2]) },
    'LL4003',
    /3 classes/,
  ],
  [
    'one output for two labels',
    'MLPClassifier',
    { ...layers, _label_binarizer: binarizer('multilabel-indicator', [0, 1]) },
    'LL4003',
    /2 classes/,
  ],
];

for (const [name, className, attributes, code, message] of REFUSED) {
  test(`${className} refuses ${name}`, () => {
    const object = fakeObject(`sklearn.neural_network._multilayer_perceptron.${className}`, attributes);
    assert.throws(() => resolveEstimator(object, 'model'), { code, message });
  });
}
