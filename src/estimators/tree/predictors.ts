/** What one tree or a forest of them answers: the mean of the leaves' answers, in the order of the trees. */
import type { Forest, LeafVectors } from '../../kernels/forest.ts';
import { addValues, addVectors, packForest, placesOf } from '../../kernels/forest.ts';
import { argmax, pairwiseSum } from '../../kernels/math.ts';
import type { Data, Dense } from '../../model/data.ts';
import { dense, numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import type { EstimatorState } from '../state.ts';
import type { FittedTree } from './read-tree.ts';
import type { Walk } from './walk.ts';
import { makeWalk } from './walk.ts';

/** Fitted trees and what they take. */
export interface Trees {
  readonly state: EstimatorState;
  readonly trees: readonly FittedTree[];
  readonly nFeatures: number;
  /** Whether missing values are taken. */
  readonly missing: boolean;
}

/** A regressor that answers the mean of its trees. Throws LL4003 for trees that do not fit each other. */
export function treeRegressor(source: Trees): Fitted {
  const nOutputs = source.trees[0]?.nOutputs ?? 0;
  checkShapes(source, nOutputs, 1);
  const sums = nOutputs === 1 ? scalarSums(source) : vectorSums(source, nOutputs);
  return {
    ...commonOf(source),
    task: 'regressor',
    classes: null,
    nOutputs,
    predict(rows) {
      const means = divide(sums(rows), source.trees.length);
      return nOutputs === 1 ? numbers1d(means) : numbers2d(rows.nRows, nOutputs, means);
    },
  };
}

type Sums = (rows: Data) => Float64Array;

function scalarSums(source: Trees): Sums {
  const values = new Float64Array(countPlaces(source));
  const { forest, walk } = packTrees(source, (node, place, answers) => {
    values[place] = answers[node]!;
  });
  return (rows) => {
    const sums = new Float64Array(rows.nRows);
    walk(rows, (leaves, nRows, first) => addValues(forest, leaves, nRows, values, sums, first, 1));
    return sums;
  };
}

function vectorSums(source: Trees, width: number): Sums {
  const table = new VectorTable(countPlaces(source), width);
  const { forest, walk } = packTrees(source, (node, place, answers) => {
    table.put(place, answers.subarray(node * width, (node + 1) * width));
  });
  return (rows) => sumVectors(forest, walk, table.vectors, rows);
}

/**
 * A classifier by the mean of its trees' probabilities. A tree on its own (`single`) predicts by the weights in its
 * leaf, before they are made fractions. Throws LL4003 for trees that do not fit each other.
 */
export function treeClassifier(source: Trees, single: boolean): Fitted {
  const { state, trees } = source;
  const classes = state.classLists('classes_');
  const nOutputs = classes.length;
  const widths = classes.map((labels) => labels.length);
  checkShapes(source, nOutputs, Math.max(...widths));
  const width = widths.reduce((total, n) => total + n, 0);
  const nPlaces = countPlaces(source);
  const table = new VectorTable(nPlaces, width);
  const leafCodes = single ? new Int32Array(nPlaces * nOutputs) : null;
  const { maxClasses } = trees[0]!;
  // Before 1.4 a leaf holds the weight of each class, which predict_proba divides by their sum.
  const normalise = !state.since(1, 4);
  const fractions = new Float64Array(width);
  const { forest, walk } = packTrees(source, (node, place, answers) => {
    for (let k = 0, at = 0; k < nOutputs; at += widths[k]!, k++) {
      const n = widths[k]!;
      const from = (node * nOutputs + k) * maxClasses;
      const sum = normalise ? pairwiseSum(answers, from, n) || 1 : 1;
      for (let j = 0; j < n; j++) {
        fractions[at + j] = answers[from + j]! / sum;
      }
      if (leafCodes !== null) {
        leafCodes[place * nOutputs + k] = argmax(answers, from, n);
      }
    }
    table.put(place, fractions);
  });
  function probabilities(rows: Data): Float64Array {
    return divide(sumVectors(forest, walk, table.vectors, rows), trees.length);
  }
  return {
    ...commonOf(source),
    task: 'classifier',
    classes,
    nOutputs,
    predict(rows) {
      const codes =
        leafCodes === null
          ? largest(probabilities(rows), rows.nRows, widths)
          : codesOfLeaves(forest, walk, leafCodes, rows, nOutputs);
      return { kind: 'labels', nRows: rows.nRows, nCols: nOutputs, oneD: nOutputs === 1, codes, classes };
    },
    predictProba: (rows) => splitOutputs(probabilities(rows), rows.nRows, widths),
  };
}

/** Answers of leaves as they are met; leaves that are sure of one class share a row. */
class VectorTable {
  private readonly rows: Int32Array;
  private readonly width: number;
  private table: Float64Array;
  private count: number;

  constructor(nPlaces: number, width: number) {
    this.rows = new Int32Array(nPlaces);
    this.width = width;
    this.count = width;
    this.table = new Float64Array(2 * width * width);
    for (let k = 0; k < width; k++) {
      this.table[k * width + k] = 1;
    }
  }

  /** Keeps a copy of `vector`. */
  put(place: number, vector: Float64Array): void {
    const unit = unitOf(vector);
    if (unit >= 0) {
      this.rows[place] = unit;
      return;
    }
    const at = this.count * this.width;
    if (at + this.width > this.table.length) {
      const larger = new Float64Array(2 * this.table.length);
      larger.set(this.table);
      this.table = larger;
    }
    this.table.set(vector, at);
    this.rows[place] = this.count++;
  }

  get vectors(): LeafVectors {
    return { rows: this.rows, table: this.table, width: this.width };
  }
}

/** The one element that is 1 where all others are 0, else −1. */
function unitOf(vector: Float64Array): number {
  let unit = -1;
  for (let k = 0; k < vector.length; k++) {
    const value = vector[k]!;
    if (value === 1 && unit < 0) {
      unit = k;
    } else if (value !== 0) {
      return -1;
    }
  }
  return unit;
}

/** Packs the trees and builds their door; `leaf` is told the answers, `[nNodes, nOutputs, maxClasses]`, of the tree its node is in. */
function packTrees(
  source: Trees,
  leaf: (node: number, place: number, answers: Float64Array) => void,
): { readonly forest: Forest; readonly walk: Walk } {
  const { state, trees, nFeatures, missing } = source;
  let answers: Float64Array = new Float64Array(0);
  const forest = packForest({
    nFeatures,
    sizes: trees.map((tree) => tree.nNodes),
    float32: true,
    categories: null,
    tree(index) {
      answers = trees[index]!.values();
      return trees[index]!.nodes();
    },
    leaf: (_tree, node, place) => leaf(node, place, answers),
  });
  const door = { name: state.name, finiteness: missing ? 'nan' : 'finite', float32: true } as const;
  return { forest, walk: makeWalk(forest, door) };
}

function checkShapes(source: Trees, nOutputs: number, maxClasses: number): void {
  const { state, trees } = source;
  if (trees.length === 0) {
    throw state.wrong('estimators_', 'at least one tree', state.value('estimators_'));
  }
  for (const tree of trees) {
    if (tree.nOutputs !== nOutputs || tree.maxClasses !== maxClasses) {
      throw state.wrong(
        'values',
        `${nOutputs} outputs of ${maxClasses} values per node`,
        null,
        `${tree.nOutputs} of ${tree.maxClasses}`,
      );
    }
  }
}

function countPlaces(source: Trees): number {
  return placesOf(source.trees.map((tree) => tree.nNodes));
}

function commonOf({ state, nFeatures, missing }: Trees) {
  return {
    name: state.name,
    input: 'features',
    nFeatures,
    features: state.numericFeatures(nFeatures, missing),
    // Trees are drawn as one with their forest.
    children: [],
  } as const;
}

function sumVectors(forest: Forest, walk: Walk, vectors: LeafVectors, rows: Data): Float64Array {
  const sums = new Float64Array(rows.nRows * vectors.width);
  walk(rows, (leaves, nRows, first) => addVectors(forest, leaves, nRows, vectors, sums, first));
  return sums;
}

function codesOfLeaves(
  forest: Forest,
  walk: Walk,
  leafCodes: Int32Array,
  rows: Data,
  nOutputs: number,
): Int32Array {
  const codes = new Int32Array(rows.nRows * nOutputs);
  walk(rows, (leaves, nRows, first) => {
    for (let row = 0; row < nRows; row++) {
      const leaf = leaves[row * forest.nLanes]!;
      for (let k = 0; k < nOutputs; k++) {
        codes[(first + row) * nOutputs + k] = leafCodes[leaf * nOutputs + k]!;
      }
    }
  });
  return codes;
}

/** Largest class of each output, row-major `[nRows, nOutputs]`, of probabilities that lie output by output in each row. */
function largest(probabilities: Float64Array, nRows: number, widths: readonly number[]): Int32Array {
  const nOutputs = widths.length;
  const codes = new Int32Array(nRows * nOutputs);
  for (let i = 0, at = 0; i < codes.length; i++) {
    const n = widths[i % nOutputs]!;
    codes[i] = argmax(probabilities, at, n);
    at += n;
  }
  return codes;
}

/** One matrix per output from rows that hold all of them. */
function splitOutputs(data: Float64Array, nRows: number, widths: readonly number[]): readonly Dense[] {
  if (widths.length === 1) {
    return [dense(nRows, widths[0]!, data)];
  }
  const width = widths.reduce((total, n) => total + n, 0);
  let from = 0;
  return widths.map((n) => {
    const out = new Float64Array(nRows * n);
    for (let row = 0; row < nRows; row++) {
      out.set(data.subarray(row * width + from, row * width + from + n), row * n);
    }
    from += n;
    return dense(nRows, n, out);
  });
}

function divide(data: Float64Array, by: number): Float64Array {
  for (let i = 0; i < data.length; i++) {
    data[i]! /= by;
  }
  return data;
}
