import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Categories, Forest, ForestSource, TreeNodes } from './forest.ts';
import {
  addValues,
  addVectors,
  floorFloat32,
  makeRows,
  packForest,
  placesOf,
  treeFault,
  walkForest,
} from './forest.ts';

/** The largest float32 not above a number, by numpy: float32(t), and nextafter towards −inf where that is above t. */
const FLOORS: readonly (readonly [number, number])[] = [
  [0.5, 0.5],
  [0.1, 0.09999999403953552],
  [-0.1, -0.10000000149011612],
  [0, 0],
  [1e-60, 0],
  [-1e-60, -1.401298464324817e-45],
  [1e39, 3.4028234663852886e38],
  [-1e39, Number.NEGATIVE_INFINITY],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [16777217, 16777216],
  [-16777217, -16777218],
];

for (const [threshold, floor] of FLOORS) {
  test(`largest float32 not above ${threshold}`, () => {
    assert.equal(floorFloat32(threshold), floor);
  });
}

test('a float32 compares with a threshold as with its float32 floor', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), fc.double({ noNaN: true }), (x, threshold) => {
      assert.equal(x <= threshold, x <= floorFloat32(threshold));
    }),
  );
});

function nodes(rows: readonly (readonly [number, number, number, number])[]): TreeNodes {
  return {
    left: Int32Array.from(rows, ([left]) => left),
    right: Int32Array.from(rows, ([, right]) => right),
    feature: Int32Array.from(rows, ([, , feature]) => feature),
    threshold: Float64Array.from(rows, ([, , , threshold]) => threshold),
    missingLeft: null,
    category: null,
  };
}

const LEAF = [-1, -1, -2, -2] as const;

test('a tree whose children come in any order has no fault', () => {
  assert.equal(treeFault(nodes([[3, 1, 0, 0.5], [4, 2, 1, 1.5], LEAF, LEAF, LEAF]), 2), null);
  assert.equal(treeFault(nodes([LEAF]), 0), null);
});

const FAULTS: readonly (readonly [string, TreeNodes])[] = [
  ['no node', nodes([])],
  ['a node that is its own child', nodes([[0, 1, 0, 0.5], LEAF])],
  ['a cycle', nodes([[1, 2, 0, 0.5], [0, 2, 0, 0.5], LEAF])],
  ['a child of two nodes', nodes([[1, 2, 0, 0.5], [2, 3, 0, 0.5], LEAF, LEAF])],
  ['the same child on both sides', nodes([[1, 1, 0, 0.5], LEAF])],
  ['a left child beyond the nodes', nodes([[2, 1, 0, 0.5], LEAF])],
  ['a right child beyond the nodes', nodes([[1, 9, 0, 0.5], LEAF])],
  ['a right child that is none', nodes([[1, -1, 0, 0.5], LEAF])],
  ['a left child below −1', nodes([[-2, 1, 0, 0.5], LEAF])],
  ['a feature beyond the columns', nodes([[1, 2, 2, 0.5], LEAF, LEAF])],
  ['a negative feature', nodes([[1, 2, -1, 0.5], LEAF, LEAF])],
  ['a threshold that is no number', nodes([[1, 2, 0, Number.NaN], LEAF, LEAF])],
];

for (const [what, tree] of FAULTS) {
  test(`fault: ${what}`, () => {
    assert.equal(typeof treeFault(tree, 2), 'string');
  });
}

test('a fault where no row can come is none', () => {
  assert.equal(treeFault(nodes([LEAF, [0, 0, 9, Number.NaN]]), 1), null);
});

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Drawn {
  readonly nFeatures: number;
  readonly draw: () => number;
  readonly missing?: boolean;
  /** Number of category splits there are. */
  readonly nSplits?: number;
}

/** A tree that splits random leaves until it has `nLeaves`. */
function drawTree(nLeaves: number, { nFeatures, draw, missing, nSplits }: Drawn): TreeNodes {
  const rows: [number, number, number, number][] = [[...LEAF]];
  const category: number[] = [-1];
  const leaves = [0];
  while (leaves.length < nLeaves) {
    const [node] = leaves.splice(Math.floor(draw() * leaves.length), 1) as [number];
    rows[node] = [rows.length, rows.length + 1, Math.floor(draw() * nFeatures), Math.round(draw() * 80) / 10];
    category[node] = nSplits !== undefined && draw() < 0.5 ? Math.floor(draw() * nSplits) : -1;
    leaves.push(rows.length, rows.length + 1);
    rows.push([...LEAF], [...LEAF]);
    category.push(-1, -1);
  }
  return {
    ...nodes(rows),
    missingLeft: missing ? Uint8Array.from(rows, () => (draw() < 0.5 ? 1 : 0)) : null,
    category: nSplits === undefined ? null : Int32Array.from(category),
  };
}

/** The leaf a row reaches, node by node, as scikit-learn's documentation of both kinds of tree has it. */
function reached(tree: TreeNodes, row: ArrayLike<number>, categories: Categories | null): number {
  let node = 0;
  while (tree.left[node] !== -1) {
    const feature = tree.feature[node]!;
    const value = row[feature]!;
    const split = tree.category?.[node] ?? -1;
    const aside = tree.missingLeft?.[node] === 1;
    const has = (words: Uint32Array, at: number) =>
      ((words[8 * at + (value >> 5)]! >>> (value & 31)) & 1) === 1;
    let left: boolean;
    if (Number.isNaN(value) || (split >= 0 && value < 0)) {
      left = aside;
    } else if (split < 0 || categories === null) {
      left = value <= tree.threshold[node]!;
    } else {
      left = has(categories.left, split) || (!has(categories.known, feature) && aside);
    }
    node = left ? tree.left[node]! : tree.right[node]!;
  }
  return node;
}

interface Walks {
  readonly forest: Forest;
  /** Node of each place. */
  readonly nodeAt: Int32Array;
}

function pack(
  trees: readonly TreeNodes[],
  options: Pick<ForestSource, 'nFeatures' | 'float32' | 'categories'>,
): Walks {
  const sizes = trees.map((tree) => tree.left.length);
  const nodeAt = new Int32Array(placesOf(sizes)).fill(-1);
  const forest = packForest({
    ...options,
    sizes,
    tree: (index) => trees[index]!,
    leaf(_tree, node, place) {
      nodeAt[place] = node;
    },
  });
  return { forest, nodeAt };
}

const WALKS: readonly {
  readonly what: string;
  readonly float32: boolean;
  readonly nFeatures: number;
  readonly nLeaves: number;
  readonly missing?: boolean;
  readonly nSplits?: number;
  readonly kind: 'narrow' | 'wide';
}[] = [
  { what: 'float32 rows', float32: true, nFeatures: 5, nLeaves: 60, kind: 'narrow' },
  { what: 'one feature', float32: true, nFeatures: 1, nLeaves: 20, kind: 'narrow' },
  { what: 'missing values', float32: true, nFeatures: 5, nLeaves: 60, missing: true, kind: 'narrow' },
  // 20 bits of feature leave 12 for the way to the left child, too few for 5,999 nodes.
  {
    what: 'a tree too large for its features',
    float32: true,
    nFeatures: 2 ** 20,
    nLeaves: 3000,
    kind: 'wide',
  },
  {
    what: 'the same with missing values',
    float32: true,
    nFeatures: 2 ** 20,
    nLeaves: 3000,
    missing: true,
    kind: 'wide',
  },
  { what: 'float64 rows', float32: false, nFeatures: 5, nLeaves: 60, kind: 'wide' },
  {
    what: 'float64 rows with missing values',
    float32: false,
    nFeatures: 5,
    nLeaves: 60,
    missing: true,
    kind: 'wide',
  },
  { what: 'categories', float32: false, nFeatures: 5, nLeaves: 60, missing: true, nSplits: 7, kind: 'wide' },
];

for (const { what, float32, nFeatures, nLeaves, missing, nSplits, kind } of WALKS) {
  test(`walks as node by node: ${what}`, () => {
    const draw = draws(7);
    const drawn = { nFeatures, draw, ...(missing && { missing }), ...(nSplits && { nSplits }) };
    // Seven trees, so that the lanes do not come out even, and one of a single leaf.
    const trees = [1, 2, nLeaves, nLeaves, 3, nLeaves, nLeaves].map((n) => drawTree(n, drawn));
    const categories =
      nSplits === undefined
        ? null
        : {
            left: Uint32Array.from({ length: 8 * nSplits }, () => draw() * 2 ** 32),
            known: Uint32Array.from({ length: 8 * nFeatures }, () => draw() * 2 ** 32),
            negativeIsMissing: true,
          };
    const { forest, nodeAt } = pack(trees, { nFeatures, float32, categories });
    assert.equal(forest.nodes.kind, kind);
    const nRows = nFeatures > 1000 ? 3 : 40;
    const x = makeRows(forest, nRows);
    for (let i = 0; i < x.length; i++) {
      x[i] = missing && draw() < 0.2 ? Number.NaN : Math.round(draw() * 90 - 5) / (nSplits ? 1 : 10);
    }
    const leaves = new Int32Array(nRows * forest.nLanes);
    walkForest(forest, x, nRows, missing === true, leaves);
    for (let row = 0; row < nRows; row++) {
      const values = x.subarray(row * nFeatures, (row + 1) * nFeatures);
      trees.forEach((tree, t) => {
        assert.equal(nodeAt[leaves[row * forest.nLanes + t]!], reached(tree, values, categories));
      });
    }
  });
}

/** x ≤ 0.5 → leaf 1, else leaf 2; three of them are padded to four lanes. */
const STUMPS = pack(
  [0.5, 1.5, 2.5].map((threshold) => nodes([[1, 2, 0, threshold], LEAF, LEAF])),
  { nFeatures: 1, float32: true, categories: null },
);

function leavesOf(rows: readonly number[]): Int32Array {
  const x = makeRows(STUMPS.forest, rows.length);
  x.set(rows);
  const leaves = new Int32Array(rows.length * STUMPS.forest.nLanes);
  walkForest(STUMPS.forest, x, rows.length, false, leaves);
  return leaves;
}

test('values add up by tree, or in turns to several outputs', () => {
  // The right leaf answers 1, the left one 0; by hand.
  const values = Float64Array.from(STUMPS.nodeAt, (node) => (node === 2 ? 1 : 0));
  const leaves = leavesOf([0, 1, 2, 3]);
  const sums = new Float64Array(5).fill(10);
  addValues(STUMPS.forest, leaves, 4, values, sums, 1, 1);
  assert.deepEqual([...sums], [10, 10, 11, 12, 13]);
  const apart = new Float64Array(12);
  addValues(STUMPS.forest, leaves, 4, values, apart, 0, 3);
  assert.deepEqual([...apart], [0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1]);
});

test('vectors add up, whether they lie in the table or are units', () => {
  // The right leaf answers [0.25, 0.75], the left one [1, 0]; by hand.
  const rows = Int32Array.from(STUMPS.nodeAt, (node) => (node === 2 ? 2 : 0));
  const vectors = { rows, table: Float64Array.of(1, 0, 0, 1, 0.25, 0.75), width: 2 };
  const sums = new Float64Array(4);
  addVectors(STUMPS.forest, leavesOf([0, 2]), 2, vectors, sums, 0);
  assert.deepEqual([...sums], [3, 0, 1.5, 1.5]);
});

test('a negative category is missing, or the byte that C makes of it', () => {
  // Category 3 goes left, as do −253 and 259 where they are cast (numpy: np.float64(-253).astype(np.uint8) is 3).
  const tree = {
    ...nodes([[1, 2, 0, 0], LEAF, LEAF]),
    missingLeft: Uint8Array.of(0, 0, 0),
    category: Int32Array.of(0, -1, -1),
  };
  const categories = { left: new Uint32Array(8), known: new Uint32Array(8) };
  categories.left[0] = 0b1000;
  categories.known[0] = 0b1111;
  const rows = [3, 2, 259, -253, -1e12, 1e12, Number.POSITIVE_INFINITY];
  const went = (negativeIsMissing: boolean) => {
    const { forest, nodeAt } = pack([tree], {
      nFeatures: 1,
      float32: false,
      categories: { ...categories, negativeIsMissing },
    });
    const leaves = new Int32Array(rows.length * 4);
    walkForest(forest, Float64Array.from(rows), rows.length, false, leaves);
    return rows.map((_, i) => nodeAt[leaves[4 * i]!]);
  };
  assert.deepEqual(went(true), [1, 2, 1, 2, 2, 2, 2]);
  assert.deepEqual(went(false), [1, 2, 1, 1, 2, 2, 2]);
});
