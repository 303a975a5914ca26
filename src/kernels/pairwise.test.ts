import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Csr } from '../model/data.ts';
import { dense } from '../model/data.ts';
import type { RowKernel } from './pairwise.ts';
import {
  additiveChi2Kernel,
  chi2Kernel,
  cosineKernel,
  denseKernelPoints,
  eachRow,
  kernelSums,
  laplacianKernel,
  linearKernel,
  polynomialKernel,
  rbfKernel,
  sigmoidKernel,
  sparseKernelPoints,
} from './pairwise.ts';

const ROW = Float64Array.of(1, -2, 0.5, 3);
const DATA = Float64Array.of(0.5, 1, -1, 3.5, 1, -2, 0.5, 3, 0, 0, 2, -1);
const SPARSE: Csr = {
  kind: 'csr',
  nRows: 3,
  nCols: 4,
  indptr: Int32Array.of(0, 4, 8, 10),
  indices: Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3, 2, 3),
  data: Float64Array.of(0.5, 1, -1, 3.5, 1, -2, 0.5, 3, 2, -1),
};

/** Expected values: scikit-learn 1.9.1 `metrics.pairwise`. */
for (const [kind, points] of [
  ['dense', denseKernelPoints(DATA, 3, 4)],
  ['sparse', sparseKernelPoints(SPARSE)],
] as const) {
  const kernels: readonly [string, RowKernel, readonly number[]][] = [
    ['linear', linearKernel(points), [8.5, 14.25, -2]],
    ['cubic', polynomialKernel(points, 0.5, 1, 3), [144.703125, 536.376953125, 0]],
    ['sigmoid', sigmoidKernel(points, 0.1, 0.2), [0.7818063576087741, 0.9253462253117412, 0]],
    ['rbf', rbfKernel(points, 0.3), [0.02945180736910729, 1, 0.0009349663674165822]],
    ['laplacian', laplacianKernel(points, 0.3), [0.19204990862075413, 1, 0.07808166600115317]],
    ['cosine', cosineKernel(points), [0.5913267046458701, 1, -0.2369395511036369]],
  ];
  for (const [name, kernel, expected] of kernels) {
    test(`${name} kernel of ${kind} points`, () => {
      near(valuesOf(kernel, ROW), expected);
    });
  }
}

test('kernels of numbers from 0 on', () => {
  const row = ROW.map(Math.abs);
  const data = DATA.map(Math.abs);
  const points = denseKernelPoints(data, 3, 4);
  near(
    valuesOf(polynomialKernel(points, 0.5, 1, 1.5), row),
    [21.575086905966334, 23.15981332232624, 5.196152422706632],
  );
  near(valuesOf(additiveChi2Kernel(data, 3, 4), row), [-0.7051282051282051, 0, -4.9]);
  near(valuesOf(chi2Kernel(data, 3, 4, 0.7), row), [0.6104311650252431, 1, 0.03238694077290704]);
});

test('sums over the points, for each output', () => {
  // [8.5, 14.25, −2] times two rows of coefficients, by hand.
  const sums = {
    kernel: linearKernel(denseKernelPoints(DATA, 3, 4)),
    nPoints: 3,
    nOutputs: 2,
    coefficients: Float64Array.of(1, 2, 3, 0, -1, 0.5),
  };
  assert.deepEqual([...kernelSums(sums, dense(1, 4, ROW))], [31, -15.25]);
});

test('sums over no points are 0', () => {
  const sums = {
    kernel: linearKernel(denseKernelPoints(new Float64Array(0), 0, 4)),
    nPoints: 0,
    nOutputs: 1,
    coefficients: new Float64Array(0),
  };
  assert.deepEqual([...kernelSums(sums, dense(1, 4, ROW))], [0]);
});

test('rows of a sparse matrix are visited as dense ones, one after the other', () => {
  const seen: number[][] = [];
  eachRow(SPARSE, (data, start, index) => {
    seen[index] = [...data.subarray(start, start + 4)];
  });
  assert.deepEqual(seen, [
    [0.5, 1, -1, 3.5],
    [1, -2, 0.5, 3],
    [0, 0, 2, -1],
  ]);
});

function valuesOf(kernel: RowKernel, row: Float64Array): Float64Array {
  const out = new Float64Array(3);
  kernel(Float64Array.of(9, ...row), 1, out);
  return out;
}

function near(found: Float64Array, expected: readonly number[]): void {
  for (const [i, wanted] of expected.entries()) {
    const close = Math.abs(found[i]! - wanted) <= 1e-14 * Math.max(1, Math.abs(wanted));
    assert.ok(close, `${i}: expected ${wanted}, found ${found[i]}`);
  }
}
