import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const pca: Record<string, Inert> = {
  components_: fakeFloats([0.6, 0.8], [1, 2]),
  mean_: fakeFloats([1, 2]),
  explained_variance_: fakeFloats([4]),
  whiten: true,
};
const kernelPca: Record<string, Inert> = {
  kernel: 'rbf',
  gamma: null,
  degree: 3,
  coef0: 1,
  X_fit_: fakeFloats([0, 0, 1, 1], [2, 2]),
  eigenvalues_: fakeFloats([2]),
  eigenvectors_: fakeFloats([1, -1], [2, 1]),
  _centerer: fakeObject('sklearn.preprocessing.KernelCenterer', {
    K_fit_rows_: fakeFloats([0.5, 0.5]),
    K_fit_all_: 0.5,
  }),
};

const REFUSED: readonly [string, string, Record<string, Inert>, RegExp][] = [
  ['a mean of other columns', 'PCA', { ...pca, mean_: fakeFloats([1]) }, /mean_/],
  ['a variance too many', 'PCA', { ...pca, explained_variance_: fakeFloats([1, 2]) }, /explained_variance_/],
  [
    'vectors of other rows',
    'KernelPCA',
    { ...kernelPca, eigenvectors_: fakeFloats([1], [1, 1]) },
    /eigenvectors_/,
  ],
  [
    'a centre of other rows',
    'KernelPCA',
    {
      ...kernelPca,
      _centerer: fakeObject('sklearn.preprocessing.KernelCenterer', {
        K_fit_rows_: fakeFloats([0.5]),
        K_fit_all_: 0.5,
      }),
    },
    /K_fit_rows_/,
  ],
];

for (const [name, kind, attributes, message] of REFUSED) {
  test(`${kind} refuses ${name}`, () => {
    const object = fakeObject(`sklearn.decomposition.${kind}`, attributes);
    assert.throws(() => resolveEstimator(object, 'model'), { code: 'LL4003', message });
  });
}

test('a whitened projection and its way back', () => {
  // By hand: ((4 − 1) · 0.6 + (6 − 2) · 0.8) / √4 = 2.5, and 2.5 · √4 · (0.6, 0.8) + (1, 2) = (4, 6).
  for (const version of ['1.4.2', '1.5.2']) {
    const fitted = resolveEstimator(fakeObject('sklearn.decomposition.PCA', pca, version), 'model');
    const projected = fitted.transform?.(dense(1, 2, Float64Array.of(4, 6)));
    assert.ok(projected?.kind === 'dense');
    near(projected.data, [2.5]);
    const back = fitted.inverseTransform?.(projected);
    assert.ok(back?.kind === 'dense');
    near(back.data, [4, 6]);
  }
});

function near(found: Float64Array, expected: readonly number[]): void {
  for (const [i, wanted] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - wanted) < 1e-14, `${i}: expected ${wanted}, found ${found[i]}`);
  }
}
