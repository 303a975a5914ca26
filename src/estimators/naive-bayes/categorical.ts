/** Naive Bayes over category codes: a table of log probabilities per feature. */
import { LoadlineError } from '../../errors.ts';
import type { CategoryTable } from '../../kernels/naive-bayes.ts';
import { categoricalLikelihood } from '../../kernels/naive-bayes.ts';
import { columnName, toDense } from '../../model/coerce.ts';
import type { Data, Dense } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { likelihoodClassifier } from './likelihood.ts';

export const categoricalNb = defineEstimators({
  rows: [{ name: 'CategoricalNB', module: 'sklearn.naive_bayes' }],
  read(state) {
    const { name } = state;
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    const tables = state.list('feature_log_prob_').map((item, i): CategoryTable => {
      const shape = [nClasses, null];
      // Without smoothing (alpha=0) a category that a class never had has log probability −∞.
      const table = state.matrix(`feature_log_prob_[${i}]`, { shape, nonFinite: true }, item);
      return { nCategories: table.cols, logProbabilities: table.data };
    });
    const logPriors = state.floats('class_log_prior_', { shape: [nClasses], nonFinite: true });
    return likelihoodClassifier(state, classes, tables.length, (rows) =>
      categoricalLikelihood(tables, logPriors, categoryCodes(rows, name, tables)),
    );
  },
});

/** Codes are cut to integers, as numpy does, and must be among those counted in training: scikit-learn fails on others. */
function categoryCodes(rows: Data, name: string, tables: readonly CategoryTable[]): Dense {
  const matrix = toDense(rows, name, tables.length, 'finite');
  const codes = matrix.data.map(Math.trunc);
  for (let i = 0; i < codes.length; i++) {
    const column = i % tables.length;
    const { nCategories } = tables[column]!;
    if (codes[i]! < 0 || codes[i]! >= nCategories) {
      const row = Math.floor(i / tables.length);
      const field = columnName(rows, column);
      throw new LoadlineError(
        'LL2015',
        `Row ${row}, ${field}: ${name} wanted a category from 0 to ${nCategories - 1}, found ${codes[i]}`,
        { row, field },
      );
    }
  }
  return dense(matrix.nRows, matrix.nCols, codes);
}
