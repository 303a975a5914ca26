/**
 * Decision trees, packed so that four of them are walked at once.
 *
 * A walk is a chain of loads that each wait for the one before, so a single tree leaves the machine idle most of the
 * time. Four lanes share the waiting; a step has no branch to predict (the comparison is added to the index of the left
 * child, whose sibling lies beside it); and a leaf leads to itself, so that lanes which arrive early wait for the rest.
 */

/** One binary tree by node; node 0 is the root. A row goes left where its feature is ≤ the threshold. */
export interface TreeNodes {
  /** −1 marks a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Features, thresholds and right children of leaves are never read. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** 1 where a missing value goes left; null where no missing value can come. */
  readonly missingLeft: Uint8Array | null;
  /** Row of `Categories.left` for a node that splits categories, −1 for one that compares; null where none does. */
  readonly category: Int32Array | null;
}

/** Category splits: bit `c` of a row of eight words tells of category `c`, below 256. */
export interface Categories {
  /** Categories that go left, one row per split, `[nSplits, 8]`. */
  readonly left: Uint32Array;
  /** Categories seen in training, one row per feature, `[nFeatures, 8]`; any other goes where a missing value goes. */
  readonly known: Uint32Array;
  /** Whether a negative value counts as missing, or is taken for a category as C's cast to a byte makes it one. */
  readonly negativeIsMissing: boolean;
}

/** What a forest is packed from: trees are asked for one after the other, so that they need not all be held at once. */
export interface ForestSource {
  readonly nFeatures: number;
  /** Number of nodes of each tree, reachable or not. */
  readonly sizes: readonly number[];
  /** Whether rows come rounded to float32, as scikit-learn's own trees see them. */
  readonly float32: boolean;
  readonly categories: Categories | null;
  /** A tree without fault (see `treeFault`). */
  tree(index: number): TreeNodes;
  /** Told where each leaf came to lie, so that the caller keeps its values by place. */
  leaf(tree: number, node: number, place: number): void;
}

/** Packed trees. A place is the number of a packed node; what a leaf answers is kept by the caller, by place. */
export interface Forest {
  readonly nTrees: number;
  readonly nFeatures: number;
  /** Number of trees padded with empty ones to a multiple of four: the width of a row of leaves. */
  readonly nLanes: number;
  /** Place of each tree's root, `[nLanes]`. */
  readonly roots: Int32Array;
  /** By place, as in `TreeNodes`. */
  readonly missingLeft: Uint8Array | null;
  readonly nodes: NarrowNodes | WideNodes;
}

/**
 * 8 bytes a node: the threshold, and in one word the feature (low bits) and how many places ahead the left child is.
 * A float32 is ≤ a float64 threshold exactly where it is ≤ the largest float32 not above it, so nothing is lost.
 */
interface NarrowNodes {
  readonly kind: 'narrow';
  /** `[threshold bits, packed]` by place. */
  readonly words: Int32Array;
  /** The same memory, for the thresholds. */
  readonly floats: Float32Array;
  readonly featureBits: number;
}

/** 16 bytes a node: float64 threshold, feature, places to the left child. For float64 rows, and trees too large for `NarrowNodes`. */
interface WideNodes {
  readonly kind: 'wide';
  /** `[threshold, threshold, feature, ahead]` by place. */
  readonly words: Int32Array;
  readonly floats: Float64Array;
  /** Row of `categories.left` by place, −1 for a node that compares; null where none splits categories. */
  readonly category: Int32Array | null;
  readonly categories: Categories | null;
}

const LANES = 4;

/**
 * Why a tree cannot be walked, or null: every node reached from the root must exist, be reached once only and, unless it
 * is a leaf, compare a feature there is with a number. So no walk can loop or leave the arrays.
 */
export function treeFault(tree: TreeNodes, nFeatures: number): string | null {
  const nNodes = tree.left.length;
  if (nNodes === 0) {
    return 'at least one node';
  }
  const seen = new Uint8Array(nNodes);
  const stack = new Int32Array(nNodes + 1);
  let depth = 1;
  seen[0] = 1;
  while (depth > 0) {
    const node = stack[--depth]!;
    const left = tree.left[node]!;
    if (left === -1) {
      continue;
    }
    const right = tree.right[node]!;
    if (left < 0 || left >= nNodes || right < 0 || right >= nNodes) {
      return `children of node ${node} among ${nNodes} nodes`;
    }
    if (left === right || seen[left] === 1 || seen[right] === 1) {
      return `node ${node} to have children of its own`;
    }
    const feature = tree.feature[node]!;
    if (feature < 0 || feature >= nFeatures) {
      return `node ${node} to compare one of ${nFeatures} features`;
    }
    if (Number.isNaN(tree.threshold[node])) {
      return `node ${node} to have a number as threshold`;
    }
    seen[left] = 1;
    seen[right] = 1;
    stack[depth++] = right;
    stack[depth++] = left;
  }
  return null;
}

/** Number of places that trees of these sizes take once packed, an upper bound: what the caller keeps by place is as long. */
export function placesOf(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, LANES);
}

/** Packs trees without fault, depth first, so that a left child's children are near. */
export function packForest(source: ForestSource): Forest {
  const { nFeatures, sizes } = source;
  const nTrees = sizes.length;
  const nLanes = Math.ceil(nTrees / LANES) * LANES;
  const nPlaces = placesOf(sizes);
  const largest = sizes.reduce((max, size) => Math.max(max, size), 0);
  const nodes = makeNodes(source, nPlaces, largest);
  const roots = new Int32Array(nLanes);
  let missingLeft: Uint8Array | null = null;
  // Two entries a node; a walk in depth holds at most one sibling per level, so never more than all nodes.
  const stack = new Int32Array(2 * largest + 2);
  let next = 0;
  for (let t = 0; t < nTrees; t++) {
    const tree = source.tree(t);
    if (tree.missingLeft !== null) {
      missingLeft ??= new Uint8Array(nPlaces);
    }
    roots[t] = next++;
    let depth = 0;
    stack[depth++] = 0;
    stack[depth++] = roots[t]!;
    while (depth > 0) {
      const place = stack[--depth]!;
      const node = stack[--depth]!;
      const left = tree.left[node]!;
      if (left < 0) {
        putLeaf(nodes, place);
        source.leaf(t, node, place);
        continue;
      }
      putSplit(nodes, place, tree, node, next - place);
      if (tree.missingLeft?.[node] === 1) {
        missingLeft![place] = 1;
      }
      stack[depth++] = tree.right[node]!;
      stack[depth++] = next + 1;
      stack[depth++] = left;
      stack[depth++] = next;
      next += 2;
    }
  }
  for (let t = nTrees; t < nLanes; t++) {
    putLeaf(nodes, next);
    roots[t] = next++;
  }
  return { nTrees, nFeatures, nLanes, roots, missingLeft, nodes };
}

function makeNodes(source: ForestSource, nPlaces: number, largest: number): NarrowNodes | WideNodes {
  const featureBits = 32 - Math.clz32(Math.max(source.nFeatures - 1, 0));
  if (source.float32 && source.categories === null && largest < 2 ** (32 - featureBits) && featureBits < 32) {
    const words = new Int32Array(2 * nPlaces);
    return { kind: 'narrow', words, floats: new Float32Array(words.buffer), featureBits };
  }
  const words = new Int32Array(4 * nPlaces);
  return {
    kind: 'wide',
    words,
    floats: new Float64Array(words.buffer),
    category: source.categories === null ? null : new Int32Array(nPlaces).fill(-1),
    categories: source.categories,
  };
}

/** A leaf leads to itself: nothing is above infinity, and it is no place ahead. */
function putLeaf(nodes: NarrowNodes | WideNodes, place: number): void {
  nodes.floats[2 * place] = Number.POSITIVE_INFINITY;
}

function putSplit(
  nodes: NarrowNodes | WideNodes,
  place: number,
  tree: TreeNodes,
  node: number,
  ahead: number,
): void {
  const feature = tree.feature[node]!;
  const threshold = tree.threshold[node]!;
  if (nodes.kind === 'narrow') {
    nodes.floats[2 * place] = floorFloat32(threshold);
    nodes.words[2 * place + 1] = (ahead << nodes.featureBits) | feature;
    return;
  }
  nodes.floats[2 * place] = threshold;
  nodes.words[4 * place + 2] = feature;
  nodes.words[4 * place + 3] = ahead;
  if (nodes.category !== null) {
    nodes.category[place] = tree.category?.[node] ?? -1;
  }
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The largest float32 that is not above `x`. */
export function floorFloat32(x: number): number {
  float[0] = x;
  const rounded = float[0]!;
  if (rounded > x) {
    bits[0]! += rounded > 0 ? -1 : 1;
  } else if (rounded === 0 && x < 0) {
    bits[0] = -2147483647;
  }
  return float[0]!;
}

/** Makes the rows a forest walks: float32 for narrow nodes, so that storing rounds, else float64. */
export function makeRows(forest: Forest, nRows: number): Float32Array | Float64Array {
  const size = nRows * forest.nFeatures;
  return forest.nodes.kind === 'narrow' ? new Float32Array(size) : new Float64Array(size);
}

/**
 * Walks `nRows` rows of `x`, row-major `[nRows, nFeatures]` from `makeRows`, through every tree and writes the places of
 * the leaves, row-major `[nRows, nLanes]`. `missing` says that there may be NaN among them.
 */
export function walkForest(
  forest: Forest,
  x: Float32Array | Float64Array,
  nRows: number,
  missing: boolean,
  leaves: Int32Array,
): void {
  const { nodes } = forest;
  if (nodes.kind === 'narrow') {
    if (missing) {
      walkNarrowMissing(forest, nodes, x, nRows, leaves);
    } else {
      walkNarrow(forest, nodes, x, nRows, leaves);
    }
  } else if (missing || nodes.categories !== null) {
    walkWideMissing(forest, nodes, x, nRows, leaves);
  } else {
    walkWide(forest, nodes, x, nRows, leaves);
  }
}

function walkNarrow(
  forest: Forest,
  nodes: NarrowNodes,
  x: Float32Array | Float64Array,
  nRows: number,
  leaves: Int32Array,
): void {
  const { roots, nLanes, nFeatures } = forest;
  const { words, floats, featureBits } = nodes;
  const mask = 2 ** featureBits - 1;
  for (let lane = 0; lane < nLanes; lane += LANES) {
    const rootA = roots[lane]!;
    const rootB = roots[lane + 1]!;
    const rootC = roots[lane + 2]!;
    const rootD = roots[lane + 3]!;
    for (let row = 0, base = 0, at = lane; row < nRows; row++, base += nFeatures, at += nLanes) {
      let a = rootA;
      let b = rootB;
      let c = rootC;
      let d = rootD;
      for (;;) {
        const wordA = words[(a << 1) | 1]!;
        const wordB = words[(b << 1) | 1]!;
        const wordC = words[(c << 1) | 1]!;
        const wordD = words[(d << 1) | 1]!;
        // Number() of a comparison compiles to a set flag; a conditional expression would be a branch.
        const nextA = (a + (wordA >>> featureBits) + Number(x[base + (wordA & mask)]! > floats[a << 1]!)) | 0;
        const nextB = (b + (wordB >>> featureBits) + Number(x[base + (wordB & mask)]! > floats[b << 1]!)) | 0;
        const nextC = (c + (wordC >>> featureBits) + Number(x[base + (wordC & mask)]! > floats[c << 1]!)) | 0;
        const nextD = (d + (wordD >>> featureBits) + Number(x[base + (wordD & mask)]! > floats[d << 1]!)) | 0;
        if (((nextA ^ a) | (nextB ^ b) | (nextC ^ c) | (nextD ^ d)) === 0) {
          break;
        }
        a = nextA;
        b = nextB;
        c = nextC;
        d = nextD;
      }
      leaves[at] = a;
      leaves[at + 1] = b;
      leaves[at + 2] = c;
      leaves[at + 3] = d;
    }
  }
}

function walkWide(
  forest: Forest,
  nodes: WideNodes,
  x: Float32Array | Float64Array,
  nRows: number,
  leaves: Int32Array,
): void {
  const { roots, nLanes, nFeatures } = forest;
  const { words, floats } = nodes;
  for (let lane = 0; lane < nLanes; lane += LANES) {
    const rootA = roots[lane]!;
    const rootB = roots[lane + 1]!;
    const rootC = roots[lane + 2]!;
    const rootD = roots[lane + 3]!;
    for (let row = 0, base = 0, at = lane; row < nRows; row++, base += nFeatures, at += nLanes) {
      let a = rootA;
      let b = rootB;
      let c = rootC;
      let d = rootD;
      for (;;) {
        const nextA =
          (a + words[(a << 2) | 3]! + Number(x[base + words[(a << 2) | 2]!]! > floats[a << 1]!)) | 0;
        const nextB =
          (b + words[(b << 2) | 3]! + Number(x[base + words[(b << 2) | 2]!]! > floats[b << 1]!)) | 0;
        const nextC =
          (c + words[(c << 2) | 3]! + Number(x[base + words[(c << 2) | 2]!]! > floats[c << 1]!)) | 0;
        const nextD =
          (d + words[(d << 2) | 3]! + Number(x[base + words[(d << 2) | 2]!]! > floats[d << 1]!)) | 0;
        if (((nextA ^ a) | (nextB ^ b) | (nextC ^ c) | (nextD ^ d)) === 0) {
          break;
        }
        a = nextA;
        b = nextB;
        c = nextC;
        d = nextD;
      }
      leaves[at] = a;
      leaves[at + 1] = b;
      leaves[at + 2] = c;
      leaves[at + 3] = d;
    }
  }
}

/** A missing value goes right unless the node says left. */
function walkNarrowMissing(
  forest: Forest,
  nodes: NarrowNodes,
  x: Float32Array | Float64Array,
  nRows: number,
  leaves: Int32Array,
): void {
  const { roots, nTrees, nLanes, nFeatures, missingLeft } = forest;
  const { words, floats, featureBits } = nodes;
  const mask = 2 ** featureBits - 1;
  for (let row = 0; row < nRows; row++) {
    const base = row * nFeatures;
    for (let t = 0; t < nTrees; t++) {
      let place = roots[t]!;
      for (;;) {
        const word = words[(place << 1) | 1]!;
        const ahead = word >>> featureBits;
        if (ahead === 0) {
          break;
        }
        const value = x[base + (word & mask)]!;
        const left = Number.isNaN(value) ? missingLeft?.[place] === 1 : value <= floats[place << 1]!;
        place += left ? ahead : ahead + 1;
      }
      leaves[row * nLanes + t] = place;
    }
  }
}

/** As `walkNarrowMissing`, and with categories: an unknown one goes where a missing value goes. */
function walkWideMissing(
  forest: Forest,
  nodes: WideNodes,
  x: Float32Array | Float64Array,
  nRows: number,
  leaves: Int32Array,
): void {
  const { roots, nTrees, nLanes, nFeatures, missingLeft } = forest;
  const { words, floats, category, categories } = nodes;
  for (let row = 0; row < nRows; row++) {
    const base = row * nFeatures;
    for (let t = 0; t < nTrees; t++) {
      let place = roots[t]!;
      for (;;) {
        const ahead = words[4 * place + 3]!;
        if (ahead === 0) {
          break;
        }
        const feature = words[4 * place + 2]!;
        const value = x[base + feature]!;
        const split = category === null ? -1 : category[place]!;
        let left: boolean;
        if (Number.isNaN(value)) {
          left = missingLeft?.[place] === 1;
        } else if (split < 0 || categories === null) {
          left = value <= floats[2 * place]!;
        } else if (value < 0 && categories.negativeIsMissing) {
          left = missingLeft?.[place] === 1;
        } else {
          const code = categoryCode(value);
          left =
            hasBit(categories.left, split, code) ||
            (!hasBit(categories.known, feature, code) && missingLeft?.[place] === 1);
        }
        place += left ? ahead : ahead + 1;
      }
      leaves[row * nLanes + t] = place;
    }
  }
}

/** C's cast of a double to an unsigned byte as x86-64 compiles it: through int32, where what does not fit becomes 0x80000000. */
function categoryCode(value: number): number {
  return Math.abs(value) >= 2147483648 ? 0 : Math.trunc(value) & 255;
}

function hasBit(rows: Uint32Array, row: number, bit: number): boolean {
  return ((rows[8 * row + (bit >>> 5)]! >>> (bit & 31)) & 1) === 1;
}

/**
 * Adds each tree's value to one of `nOutputs` sums per row: tree `t` to sum `t % nOutputs`, in the order of the trees.
 * `values` is by place; `sums` is row-major `[…, nOutputs]` and starts at row `firstRow`.
 */
export function addValues(
  forest: Forest,
  leaves: Int32Array,
  nRows: number,
  values: Float64Array,
  sums: Float64Array,
  firstRow: number,
  nOutputs: number,
): void {
  const { nTrees, nLanes } = forest;
  for (let row = 0; row < nRows; row++) {
    const at = row * nLanes;
    const start = (firstRow + row) * nOutputs;
    if (nOutputs === 1) {
      let sum = sums[start]!;
      for (let t = 0; t < nTrees; t++) {
        sum += values[leaves[at + t]!]!;
      }
      sums[start] = sum;
      continue;
    }
    for (let t = 0; t < nTrees; t += nOutputs) {
      for (let k = 0; k < nOutputs; k++) {
        sums[start + k]! += values[leaves[at + t + k]!]!;
      }
    }
  }
}

/** Answers of leaves that are vectors: place → row of a table, where leaves with the same answer share a row. */
export interface LeafVectors {
  /** Row of `table` by place. */
  readonly rows: Int32Array;
  /** Row-major `[…, width]`. The first `width` rows are the unit vectors. */
  readonly table: Float64Array;
  readonly width: number;
}

/** Adds each tree's vector to the row's, in the order of the trees; `sums` is row-major `[…, width]`. */
export function addVectors(
  forest: Forest,
  leaves: Int32Array,
  nRows: number,
  vectors: LeafVectors,
  sums: Float64Array,
  firstRow: number,
): void {
  const { nTrees, nLanes } = forest;
  const { rows, table, width } = vectors;
  for (let row = 0; row < nRows; row++) {
    const at = row * nLanes;
    const start = (firstRow + row) * width;
    for (let t = 0; t < nTrees; t++) {
      const vector = rows[leaves[at + t]!]!;
      if (vector < width) {
        sums[start + vector]! += 1;
        continue;
      }
      const from = vector * width;
      for (let k = 0; k < width; k++) {
        sums[start + k]! += table[from + k]!;
      }
    }
  }
}
