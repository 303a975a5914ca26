import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingCases } from './support-table.ts';

const ALL = ['1.1', '1.3', '1.5', '1.7', '1.9'];

const CASES: readonly {
  name: string;
  supported: readonly string[];
  cases: readonly { class: string; versions: readonly string[] }[];
  faults: readonly string[];
}[] = [
  {
    name: 'versions may come from several cases of a class',
    supported: ['sklearn.svm.SVC'],
    cases: [
      { class: 'sklearn.svm.SVC', versions: ['1.1', '1.3'] },
      { class: 'sklearn.svm.SVC', versions: ['1.5', '1.7', '1.9'] },
    ],
    faults: [],
  },
  {
    name: 'a class that is only inside others has no case',
    supported: ['sklearn.svm.SVC', 'sklearn.svm.SVR'],
    cases: [{ class: 'sklearn.svm.SVC', versions: ALL }],
    faults: ['sklearn.svm.SVR has no case for scikit-learn 1.1, 1.3, 1.5, 1.7, 1.9'],
  },
  {
    name: 'a version without a model is named',
    supported: ['sklearn.svm.SVC'],
    cases: [{ class: 'sklearn.svm.SVC', versions: ['1.1', '1.3', '1.5', '1.9'] }],
    faults: ['sklearn.svm.SVC has no case for scikit-learn 1.7'],
  },
  {
    name: 'a class is not wanted for versions older than itself, but for all since',
    supported: ['sklearn.preprocessing.TargetEncoder'],
    cases: [{ class: 'sklearn.preprocessing.TargetEncoder', versions: ['1.5', '1.7', '1.9'] }],
    faults: ['sklearn.preprocessing.TargetEncoder has no case for scikit-learn 1.3'],
  },
];

for (const { name, supported, cases, faults } of CASES) {
  test(name, () => {
    assert.deepEqual(missingCases(supported, cases), faults);
  });
}
