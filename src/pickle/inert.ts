/**
 * The inert tree: what a pickle says, as plain data. Nothing in it can run; an unknown class is a record of its name,
 * arguments and state.
 */
import type { NdArray } from '../tensor/ndarray.ts';

/** A Python value as data. Python int and float are both `number`; an int beyond 2^53 is a `bigint`. */
export type Inert =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyTuple
  | PyList
  | PyDict
  | PySet
  | PyGlobal
  | PyObject
  | NdArray<Inert>;

export interface PyTuple {
  readonly kind: 'tuple';
  readonly items: readonly Inert[];
}

export interface PyList {
  readonly kind: 'list';
  readonly items: Inert[];
}

/** Pairs in the order written; a later pair with an equal key wins. Never a JS object, so no key can reach a prototype. */
export interface PyDict {
  readonly kind: 'dict';
  readonly entries: (readonly [Inert, Inert])[];
}

export interface PySet {
  readonly kind: 'set';
  readonly frozen: boolean;
  readonly items: Inert[];
}

/** A name the stream mentions, `module.name`, and the byte offset where it does. */
export interface PyGlobal {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
  readonly offset: number;
}

/** The record of a call the stream asks for (REDUCE, NEWOBJ, INST, OBJ): it was not made. */
export interface PyObject {
  readonly kind: 'object';
  /** What would be called: nearly always a global. */
  readonly callable: Inert;
  /** Positional arguments. */
  readonly args: readonly Inert[];
  /** Keyword arguments of NEWOBJ_EX, else null. */
  readonly kwargs: PyDict | null;
  /** How the stream asked: NEWOBJ and NEWOBJ_EX make an instance of a class, the others call anything. */
  readonly via: 'reduce' | 'newobj' | 'inst' | 'obj';
  /** Argument of BUILD, or undefined where there was none. */
  state: Inert | undefined;
  /** What APPEND and APPENDS added. */
  listItems: Inert[] | null;
  /** What SETITEM and SETITEMS added. */
  dictItems: (readonly [Inert, Inert])[] | null;
  /** Byte offset of the opcode that asked. */
  readonly offset: number;
}

/** Full name of a global, or of what an object would call; null when it is not a global. */
export function qualifiedName(value: Inert): string | null {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) {
    return null;
  }
  if (value.kind === 'global') {
    return `${value.module}.${value.name}`;
  }
  return value.kind === 'object' ? qualifiedName(value.callable) : null;
}
