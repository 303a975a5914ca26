/** Classifiers with a linear score per class, or one for two classes. */
import type { Link } from '../../kernels/linear.ts';
import { modifiedHuberLink, oneVsRestLink, oneVsRestUniformLink, softmaxLink } from '../../kernels/linear.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { linearClassifier } from './scores.ts';

interface Row extends EstimatorRow {
  /** How the class makes probabilities; absent where it has none. */
  readonly link?: (state: EstimatorState, nClasses: number) => Link | null;
}

const module = 'sklearn.linear_model';

export const linearClassifiers = defineEstimators<Row>({
  rows: [
    { name: 'LogisticRegression', module, link: logisticLink },
    { name: 'LogisticRegressionCV', module, link: logisticLink },
    { name: 'SGDClassifier', module, link: sgdLink },
    { name: 'Perceptron', module },
    { name: 'PassiveAggressiveClassifier', module },
    { name: 'LinearSVC', module: 'sklearn.svm' },
  ],
  read(state, row) {
    const classes = state.labels('classes_');
    return linearClassifier(state, classes, row.link?.(state, classes.length) ?? null);
  },
});

/**
 * One class against the rest, or all at once. From 1.8 the number of classes decides; before, `multi_class`, which
 * left alone also looked at the solver: newton-cholesky fitted one against the rest in 1.2 to 1.5.
 */
function logisticLink(state: EstimatorState, nClasses: number): Link {
  if (state.since(1, 8) || !state.has('multi_class')) {
    return nClasses <= 2 ? oneVsRestLink : softmaxLink;
  }
  switch (state.choice('multi_class', ['auto', 'deprecated', 'ovr', 'warn', 'multinomial'])) {
    case 'ovr':
    case 'warn':
      return oneVsRestLink;
    case 'multinomial':
      return softmaxLink;
    default: {
      const solver = state.value('solver');
      const apart =
        nClasses <= 2 ||
        solver === 'liblinear' ||
        (solver === 'newton-cholesky' && state.since(1, 2) && !state.since(1, 6));
      return apart ? oneVsRestLink : softmaxLink;
    }
  }
}

/** Only these losses have probabilities. From 1.9 a row whose scores all vanish is uniform, before it was NaN. */
function sgdLink(state: EstimatorState): Link | null {
  switch (state.value('loss')) {
    case 'log_loss':
    case 'log':
      return state.since(1, 9) ? oneVsRestUniformLink : oneVsRestLink;
    case 'modified_huber':
      return modifiedHuberLink;
    default:
      return null;
  }
}
