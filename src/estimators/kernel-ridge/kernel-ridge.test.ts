import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const ridge: Record<string, Inert> = {
  kernel: 'rbf',
  gamma: null,
  degree: 3,
  coef0: 1,
  X_fit_: fakeFloats([0, 0, 1, 1], [2, 2]),
  dual_coef_: fakeFloats([1, -1]),
};

const REFUSED: readonly [string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['given kernel values', { kernel: 'precomputed' }, 'LL4004', /kernel='precomputed'/],
  [
    'a kernel that is code',
    { kernel: { kind: 'global', module: '__main__', name: 'mine', offset: 77 } },
    'LL3006',
    /__main__\.mine.*byte 77/,
  ],
  ['coefficients of other rows', { dual_coef_: fakeFloats([1, 2, 3]) }, 'LL4003', /dual_coef_/],
  [
    'a matrix of coefficients of other rows',
    { dual_coef_: fakeFloats([1, 2, 3], [1, 3]) },
    'LL4003',
    /dual_coef_/,
  ],
];

for (const [name, attributes, code, message] of REFUSED) {
  test(`KernelRidge refuses ${name}`, () => {
    const object = fakeObject('sklearn.kernel_ridge.KernelRidge', { ...ridge, ...attributes });
    assert.throws(() => resolveEstimator(object, 'model'), { code, message });
  });
}

test('the chi-squared kernels refuse numbers below 0, in dense and in sparse rows', () => {
  const object = fakeObject('sklearn.kernel_ridge.KernelRidge', { ...ridge, kernel: 'chi2', gamma: 1 });
  const fitted = resolveEstimator(object, 'model');
  const refused = {
    code: 'LL2015',
    message: 'Row 1, column 0: KernelRidge wanted a number from 0 on, found -3',
  };
  assert.throws(() => fitted.predict?.(dense(2, 2, Float64Array.of(1, 2, -3, 4))), refused);
  const sparse = {
    kind: 'csr',
    nRows: 2,
    nCols: 2,
    indptr: Int32Array.of(0, 1, 2),
    indices: Int32Array.of(1, 0),
    data: Float64Array.of(2, -3),
  } as const;
  assert.throws(() => fitted.predict?.(sparse), refused);
});
