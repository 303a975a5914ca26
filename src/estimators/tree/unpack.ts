/** The heavy part of reading a model of trees, ahead of time and in steps. */
import type { Inert } from '../../pickle/inert.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { unpackTree } from './read-tree.ts';

/** Values looked at in one step: some tenths of a millisecond. */
const STEP = 5_000;

/**
 * Unpacks every `Tree` below a value. Each step of the generator is one tree or some thousand other values: whoever drives
 * it can do other work between them. Gives the number of trees.
 */
export function* unpackTrees(root: Inert): Generator<void, number> {
  const seen = new Set<object>();
  const stack: Inert[] = [root];
  let visits = 0;
  let trees = 0;
  for (;;) {
    const value = stack.pop();
    if (value === undefined) {
      return trees;
    }
    if (++visits % STEP === 0) {
      yield;
    }
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array || seen.has(value)) {
      continue;
    }
    seen.add(value);
    switch (value.kind) {
      case 'object':
        if (qualifiedName(value) === 'sklearn.tree._tree.Tree') {
          unpackTree(value);
          trees++;
          yield;
          break;
        }
        push(stack, value.args);
        if (value.state !== undefined) {
          stack.push(value.state);
        }
        push(stack, value.listItems ?? []);
        pushValues(stack, value.dictItems ?? []);
        break;
      case 'tuple':
      case 'list':
      case 'set':
        push(stack, value.items);
        break;
      case 'dict':
        pushValues(stack, value.entries);
        break;
      case 'ndarray':
        push(stack, value.objects ?? []);
        break;
      default:
        break;
    }
  }
}

/** Not spread: a list of a million items is more than a call takes. */
function push(stack: Inert[], items: readonly Inert[]): void {
  for (const item of items) {
    stack.push(item);
  }
}

function pushValues(stack: Inert[], entries: readonly (readonly [Inert, Inert])[]): void {
  for (const [, value] of entries) {
    stack.push(value);
  }
}
