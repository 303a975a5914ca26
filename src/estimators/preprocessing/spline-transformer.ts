/** SplineTransformer: B-spline basis functions of each feature. Source: scikit-learn `preprocessing/_polynomial.py`. */
import { LoadlineError } from '../../errors.ts';
import type { BSpline } from '../../kernels/bspline.ts';
import { evaluateSpline } from '../../kernels/bspline.ts';
import { denseToCsr } from '../../kernels/sparse-rows.ts';
import { columnName, toDense } from '../../model/coerce.ts';
import type { Data, Dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { isList, isObject } from '../state.ts';
import { transformer } from '../transformer.ts';

type Extrapolation = 'error' | 'constant' | 'linear' | 'continue' | 'periodic';

/** Outputs per knot interval beyond any use: a guard against a forged degree. */
const MAX_DEGREE = 1000;

/** The basis of one feature and what it answers outside of its range. */
interface FeatureSpline {
  readonly spline: BSpline;
  /** Range of the constant and linear extrapolations, and the outputs and slopes at its ends. */
  readonly low: number;
  readonly high: number;
  readonly atLow: Float64Array;
  readonly atHigh: Float64Array;
  readonly slopeLow: Float64Array;
  readonly slopeHigh: Float64Array;
  /** How many outputs at either end are extrapolated; the others are 0 there. */
  readonly nEnds: number;
}

export const splineTransformers = defineEstimators({
  rows: [{ name: 'SplineTransformer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const extrapolation = state.choice('extrapolation', [
      'error',
      'constant',
      'linear',
      'continue',
      'periodic',
    ]);
    const includeBias = state.boolean('include_bias');
    // Both options came later: missing values in 1.9, sparse output in 1.2.
    const takesMissing = state.optional('handle_missing') === 'zeros';
    const sparse = state.has('sparse_output') && state.boolean('sparse_output');
    const splines = readSplines(state, extrapolation, sparse);
    const nFeatures = splines.length;
    const nOutputs = splines[0]!.spline.nOutputs;
    const work = new Float64Array(2 * splines[0]!.spline.degree + 2);
    const kept = includeBias ? nOutputs : nOutputs - 1;
    return transformer(state, state.numericFeatures(nFeatures, takesMissing), {
      transform(rows) {
        const dense = toDense(rows, name, nFeatures, takesMissing ? 'nan' : 'finite');
        const data = new Float64Array(dense.nRows * nFeatures * kept);
        const outputs = new Float64Array(nOutputs);
        for (let i = 0, from = 0, at = 0; i < dense.nRows; i++) {
          for (let j = 0; j < nFeatures; j++, from++, at += kept) {
            const x = dense.data[from]!;
            if (Number.isNaN(x)) {
              continue;
            }
            evaluate(splines[j]!, x, extrapolation, work, outputs);
            if (Number.isNaN(outputs[0]!)) {
              throw outOfRange(name, rows, i, j);
            }
            data.set(includeBias ? outputs : outputs.subarray(0, kept), at);
          }
        }
        if (dense.float32 === true) {
          data.set(Float32Array.from(data));
        }
        const out: Dense = { ...dense, nCols: nFeatures * kept, data };
        return sparse ? denseToCsr(out) : out;
      },
    });
  },
});

function evaluate(
  feature: FeatureSpline,
  x: number,
  extrapolation: Extrapolation,
  work: Float64Array,
  out: Float64Array,
): void {
  const { spline } = feature;
  switch (extrapolation) {
    case 'error':
      evaluateSpline(spline, x, false, 0, work, out, 0);
      return;
    case 'continue':
      evaluateSpline(spline, x, true, 0, work, out, 0);
      return;
    case 'periodic':
      evaluateSpline(spline, intoPeriod(spline, x), true, 0, work, out, 0);
      return;
    default:
      if (x < feature.low || x > feature.high) {
        extrapolate(feature, x, extrapolation === 'linear', out);
      } else {
        evaluateSpline(spline, x, true, 0, work, out, 0);
      }
  }
}

/** Where the range is empty (see `readSplines`) x may lie below and above it; the later of scikit-learn's steps counts. */
function extrapolate(feature: FeatureSpline, x: number, linear: boolean, out: Float64Array): void {
  const { low, high, atLow, atHigh, slopeLow, slopeHigh, nEnds } = feature;
  out.fill(0);
  for (let j = 0; j < nEnds; j++) {
    if (x < low) {
      out[j] = linear ? atLow[j]! + (x - low) * slopeLow[j]! : atLow[j]!;
    }
    if (x > high) {
      const k = out.length - 1 - j;
      out[k] = linear ? atHigh[k]! + (x - high) * slopeHigh[k]! : atHigh[k]!;
    }
  }
}

/** x moved by whole periods into the base interval, with Python's remainder (it has the sign of the divisor). */
function intoPeriod(spline: BSpline, x: number): number {
  const { knots, degree } = spline;
  const start = knots[degree]!;
  const period = knots[knots.length - degree - 1]! - start;
  if (period <= 0) {
    return 0;
  }
  const rest = (x - start) % period;
  return start + (rest < 0 ? rest + period : rest);
}

function readSplines(
  state: EstimatorState,
  extrapolation: Extrapolation,
  sparse: boolean,
): readonly FeatureSpline[] {
  const degree = state.integer('degree');
  if (degree < 0 || degree > MAX_DEGREE) {
    throw state.wrong('degree', `a degree up to ${MAX_DEGREE}`, degree);
  }
  const splines = state
    .list('bsplines_')
    .map((item, j) => readSpline(state.nested(`bsplines_[${j}]`, item), degree));
  const nOutputs = splines[0]?.nOutputs ?? 0;
  if (nOutputs === 0 || splines.some((spline) => spline.nOutputs !== nOutputs)) {
    throw state.wrong('bsplines_', 'splines with the same number of outputs', state.value('bsplines_'));
  }
  let ends = degree;
  return splines.map((spline) => {
    // scikit-learn raises the degree for the linear continuation of a degree below 2 inside its loop over the features,
    // and never sets it back: later features get a narrower range.
    const range = ends;
    if (extrapolation === 'linear' && ends <= 1) {
      ends++;
    }
    const feature = withEnds(state, spline, range, ends);
    // With sparse output scikit-learn's slice of the last 0 outputs is all of them, but only above the range.
    return sparse && ends === 0
      ? { ...feature, atLow: new Float64Array(nOutputs), nEnds: nOutputs }
      : feature;
  });
}

/** `range`: how many knots the range leaves out at either end. */
function withEnds(state: EstimatorState, spline: BSpline, range: number, nEnds: number): FeatureSpline {
  const { knots, nOutputs, degree } = spline;
  const low = knots[range];
  const high = knots[knots.length - range - 1];
  if (low === undefined || high === undefined || nEnds > nOutputs) {
    throw state.wrong('bsplines_', `knots and outputs for a degree of ${nEnds}`, state.value('bsplines_'));
  }
  const work = new Float64Array(2 * degree + 2);
  const at = (x: number, derivative: 0 | 1): Float64Array => {
    const out = new Float64Array(nOutputs);
    evaluateSpline(spline, x, true, derivative, work, out, 0);
    return out;
  };
  return {
    spline,
    low,
    high,
    atLow: at(low, 0),
    atHigh: at(high, 0),
    slopeLow: at(low, 1),
    slopeHigh: at(high, 1),
    nEnds,
  };
}

/** A scipy BSpline. scipy 1.17 put an underscore before the names of its arrays; 1.18 wraps the spline in another. */
function readSpline(outer: EstimatorState, degree: number): BSpline {
  const inner = isList(outer.object.state) ? outer.object.state.items[0] : undefined;
  const state = isObject(inner) ? outer.nested('_delegate_to', inner) : outer;
  const knots = state.floats(state.anyOf('t', '_t'), { shape: [null] });
  const coefficients = state.matrix(state.anyOf('c', '_c'));
  if (state.integer('k') !== degree) {
    throw state.wrong('k', `the degree ${degree}`, state.value('k'));
  }
  const nNeeded = knots.length - degree - 1;
  if (nNeeded <= degree || coefficients.rows < nNeeded || knots.some((t, i) => i > 0 && t < knots[i - 1]!)) {
    throw state.wrong(
      'c',
      `coefficients for ${knots.length} knots that never fall`,
      state.value(state.anyOf('c', '_c')),
    );
  }
  return { knots, degree, coefficients: coefficients.data, nOutputs: coefficients.cols };
}

function outOfRange(name: string, rows: Data, row: number, feature: number): LoadlineError {
  const field = columnName(rows, feature);
  return new LoadlineError(
    'LL2015',
    `Row ${row}, ${field}: ${name} wanted a value within the range of its knots, found one beyond`,
    { row, field },
  );
}
