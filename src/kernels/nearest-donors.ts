/** The k smallest of a few distances, in the order in which numpy's argpartition leaves them: sums depend on it. */

/**
 * Writes the positions of the `k` smallest of `distances[0 .. n)` to `order[0 .. k)`; NaN counts as largest. `order` is
 * scratch of at least `n`. The order is that of numpy 2.0 and later on processors with AVX2 or AVX-512: ascending, the
 * first of equal ones first; where there is a NaN it is what the C++ library's `nth_element` leaves.
 */
export function smallestByVector(distances: Float64Array, n: number, k: number, order: Int32Array): void {
  if (distances.subarray(0, n).some(Number.isNaN)) {
    nthElement(distances, n, k, order);
  } else {
    smallestSorted(distances, n, k, order);
  }
}

function smallestSorted(distances: Float64Array, n: number, k: number, order: Int32Array): void {
  let filled = 0;
  for (let i = 0; i < n; i++) {
    const distance = distances[i]!;
    if (filled === k && !isLess(distance, distances[order[k - 1]!]!)) {
      continue;
    }
    let at = filled < k ? filled++ : k - 1;
    for (; at > 0 && isLess(distance, distances[order[at - 1]!]!); at--) {
      order[at] = order[at - 1]!;
    }
    order[at] = i;
  }
}

/** libstdc++'s `nth_element`; its heap fall-back for adversarial input is left out. */
function nthElement(distances: Float64Array, n: number, k: number, order: Int32Array): void {
  for (let i = 0; i < n; i++) {
    order[i] = i;
  }
  const less = (a: number, b: number): boolean => isLess(distances[order[a]!]!, distances[order[b]!]!);
  let first = 0;
  let last = n;
  while (last - first > 3) {
    swap(order, first, medianOf(less, first + 1, first + ((last - first) >> 1), last - 1));
    let left = first + 1;
    let right = last;
    for (;;) {
      while (less(left, first)) {
        left++;
      }
      do {
        right--;
      } while (less(first, right));
      if (left >= right) {
        break;
      }
      swap(order, left, right);
      left++;
    }
    if (left <= k - 1) {
      first = left;
    } else {
      last = left;
    }
  }
  for (let i = first + 1; i < last; i++) {
    for (let j = i; j > first && less(j, j - 1); j--) {
      swap(order, j, j - 1);
    }
  }
}

function medianOf(less: (a: number, b: number) => boolean, a: number, b: number, c: number): number {
  if (less(a, b)) {
    return less(b, c) ? b : less(a, c) ? c : a;
  }
  return less(a, c) ? a : less(b, c) ? c : b;
}

/**
 * As `smallestByVector`, but in the order of numpy's own introselect, which it used everywhere before 2.0. Source: numpy `npysort/selection.cpp`; its median-of-medians fall-back for adversarial input
 * is left out.
 */
export function smallestIntroselect(distances: Float64Array, n: number, k: number, order: Int32Array): void {
  const kth = k - 1;
  for (let i = 0; i < n; i++) {
    order[i] = i;
  }
  if (kth < 3) {
    selectOneByOne(distances, n, k, order);
    return;
  }
  if (kth === n - 1) {
    moveLargestLast(distances, n, order);
    return;
  }
  let low = 0;
  let high = n - 1;
  while (low + 1 < high) {
    medianOfThree(distances, order, low, low + Math.floor((high - low) / 2), high);
    const pivot = distances[order[low]!]!;
    let left = low + 1;
    let right = high;
    for (;;) {
      do {
        left++;
      } while (isLess(distances[order[left]!]!, pivot));
      do {
        right--;
      } while (isLess(pivot, distances[order[right]!]!));
      if (right < left) {
        break;
      }
      swap(order, left, right);
    }
    swap(order, low, right);
    if (right >= kth) {
      high = right - 1;
    }
    if (right <= kth) {
      low = left;
    }
  }
  if (high === low + 1 && isLess(distances[order[high]!]!, distances[order[low]!]!)) {
    swap(order, high, low);
  }
}

function selectOneByOne(distances: Float64Array, n: number, k: number, order: Int32Array): void {
  for (let i = 0; i < k; i++) {
    let least = i;
    for (let j = i + 1; j < n; j++) {
      if (isLess(distances[order[j]!]!, distances[order[least]!]!)) {
        least = j;
      }
    }
    swap(order, i, least);
  }
}

function moveLargestLast(distances: Float64Array, n: number, order: Int32Array): void {
  let largest = 0;
  for (let i = 1; i < n; i++) {
    if (!isLess(distances[order[i]!]!, distances[order[largest]!]!)) {
      largest = i;
    }
  }
  swap(order, n - 1, largest);
}

/** Puts the median of three at `low` and the least of them at `low + 1`. */
function medianOfThree(
  distances: Float64Array,
  order: Int32Array,
  low: number,
  mid: number,
  high: number,
): void {
  if (isLess(distances[order[high]!]!, distances[order[mid]!]!)) {
    swap(order, high, mid);
  }
  if (isLess(distances[order[high]!]!, distances[order[low]!]!)) {
    swap(order, high, low);
  }
  if (isLess(distances[order[low]!]!, distances[order[mid]!]!)) {
    swap(order, low, mid);
  }
  swap(order, mid, low + 1);
}

/** numpy's order of floats: NaN after everything. */
function isLess(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}

function swap(order: Int32Array, i: number, j: number): void {
  const kept = order[i]!;
  order[i] = order[j]!;
  order[j] = kept;
}
