/** The kernel tree of a Gaussian process. */
import { LoadlineError } from '../../errors.ts';
import type { LengthScale } from '../../kernels/gp-kernels.ts';
import {
  constantKernel,
  dotProductKernel,
  expSineSquaredKernel,
  maternKernel,
  powerKernel,
  productKernel,
  rationalQuadraticKernel,
  squaredExponentialKernel,
  sumKernel,
} from '../../kernels/gp-kernels.ts';
import type { RowKernel } from '../../kernels/pairwise.ts';
import type { Dense } from '../../model/data.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { readPairwiseKernel } from '../pairwise-kernel.ts';
import type { EstimatorState } from '../state.ts';

/** Kernels in a tree: beyond it, shared parts would make evaluation endless. */
const MAX_KERNELS = 1000;

/** Nested kernels; an honest tree of the most kernels is not as deep, and a pickle can put one inside itself. */
const MAX_DEPTH = 200;

/** A kernel between a new row and the training points; `nonNegative` where it takes no numbers below 0. */
export interface Covariance {
  readonly kernel: RowKernel;
  readonly nonNegative: boolean;
}

/** Reads `kernel_`. Throws LL4004 for a kernel that is not supported, LL3006 for one of another origin. */
export function readCovariance(state: EstimatorState, points: Dense): Covariance {
  return readKernel(state.nested('kernel_'), points, { left: MAX_KERNELS }, 0);
}

function readKernel(
  state: EstimatorState,
  points: Dense,
  budget: { left: number },
  depth: number,
): Covariance {
  if (budget.left-- <= 0 || depth > MAX_DEPTH) {
    throw new LoadlineError(
      'LL4003',
      `Cannot read the kernel: more than ${MAX_KERNELS} kernels, or nested ${MAX_DEPTH} deep`,
      { where: state.path },
    );
  }
  const { nCols } = points;
  const training = { data: points.data, nPoints: points.nRows, nCols };
  const nPoints = points.nRows;
  const part = (attribute: string) => readKernel(state.nested(attribute), points, budget, depth + 1);
  switch (kernelName(state)) {
    case 'Sum': {
      const [a, b] = [part('k1'), part('k2')];
      return { kernel: sumKernel(a.kernel, b.kernel, nPoints), nonNegative: a.nonNegative || b.nonNegative };
    }
    case 'Product': {
      const [a, b] = [part('k1'), part('k2')];
      return {
        kernel: productKernel(a.kernel, b.kernel, nPoints),
        nonNegative: a.nonNegative || b.nonNegative,
      };
    }
    case 'Exponentiation': {
      const a = part('kernel');
      return { ...a, kernel: powerKernel(a.kernel, state.number('exponent'), nPoints) };
    }
    case 'ConstantKernel':
      return anyRow(constantKernel(nPoints, state.number('constant_value')));
    case 'WhiteKernel':
      // Noise is of a row with itself: between a new row and a training row there is none, equal or not.
      return anyRow(constantKernel(nPoints, 0));
    case 'RBF':
      return anyRow(squaredExponentialKernel(training, readLengthScale(state, nCols)));
    case 'Matern':
      return anyRow(maternKernel(training, readLengthScale(state, nCols), readPositive(state, 'nu')));
    case 'RationalQuadratic': {
      const length = readPositive(state, 'length_scale');
      return anyRow(rationalQuadraticKernel(training, length, readPositive(state, 'alpha')));
    }
    case 'ExpSineSquared': {
      const length = readPositive(state, 'length_scale');
      return anyRow(expSineSquaredKernel(training, length, readPositive(state, 'periodicity')));
    }
    case 'DotProduct':
      return anyRow(dotProductKernel(training, state.number('sigma_0')));
    case 'PairwiseKernel': {
      if (state.value('pairwise_kernels_kwargs') !== null) {
        throw state.unsupported('pairwise_kernels_kwargs', 'None', state.value('pairwise_kernels_kwargs'));
      }
      // degree and coef0 as their functions in sklearn.metrics.pairwise have them by default.
      const parameters = { gamma: state.number('gamma'), degree: 3, coef0: 1 };
      return readPairwiseKernel(state, 'metric', parameters, points);
    }
    default:
      throw new LoadlineError(
        'LL4004',
        `Cannot use the kernel ${state.name}: supported are sums, products and powers of the kernels of scikit-learn, without CompoundKernel`,
        { where: state.path },
      );
  }
}

/** Class of a kernel. Throws LL3006 for a class of another origin. */
function kernelName(state: EstimatorState): string {
  const full = qualifiedName(state.object);
  if (full === null || !full.startsWith('sklearn.gaussian_process.')) {
    throw new LoadlineError(
      'LL3006',
      `Cannot evaluate the kernel ${full ?? 'of a computed call'}: it is not one of scikit-learn, its code would have to run (byte ${state.object.offset})`,
      { where: state.path, offset: state.object.offset },
    );
  }
  return state.name;
}

function anyRow(kernel: RowKernel): Covariance {
  return { kernel, nonNegative: false };
}

/** `length_scale`: one number, or one per column. */
function readLengthScale(state: EstimatorState, nCols: number): LengthScale {
  const value = state.value('length_scale');
  if (typeof value === 'number') {
    return Float64Array.of(readPositive(state, 'length_scale'));
  }
  const lengths = state.floats('length_scale');
  if ((lengths.length !== 1 && lengths.length !== nCols) || !lengths.every((length) => length > 0)) {
    throw state.wrong('length_scale', `one number above 0, or ${nCols}`, value);
  }
  return lengths;
}

/** A number above 0, infinity included. */
function readPositive(state: EstimatorState, attribute: string): number {
  const value = state.number(attribute);
  if (!(value > 0)) {
    throw state.wrong(attribute, 'a number above 0', value);
  }
  return value;
}
