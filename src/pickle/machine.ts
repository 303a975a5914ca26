/**
 * The pickle machine: opcodes to an inert tree. It calls nothing, imports nothing and opens nothing; a call in the
 * stream becomes a record. It refuses what no pickler writes instead of being lenient, except where CPython's own
 * behaviour gives a call a meaning that a scanner must not miss.
 */
import type { Limits } from '../bytes/limits.ts';
import { overLimit } from '../bytes/limits.ts';
import { LoadlineError } from '../errors.ts';
import { codeInState } from './audit/state-code.ts';
import type { Inert, PyGlobal, PyObject, PyTuple } from './inert.ts';
import { isArrayWrapper, readWrappedArray, refuseSideFile } from './joblib.ts';
import { asKind } from './numpy.ts';
import { OP, opcodeName } from './opcodes.ts';
import {
  decodeUtf8,
  parseFloat0,
  parseInt0,
  parseInteger,
  parseLong,
  parseQuoted,
  parseRawUnicode,
  parseTwosComplement,
  TextError,
} from './text.ts';

/** A name that the stream mentions, over all its mentions. */
export interface GlobalUse {
  readonly module: string;
  readonly name: string;
  /** Byte offset of the first mention. */
  readonly offset: number;
  /** How many opcodes name it. */
  readonly count: number;
  /** Whether the stream calls it, or makes an instance of it. */
  readonly called: boolean;
  /** Most positional arguments of any of its calls; null when it is not called. */
  readonly arity: number | null;
}

/** Something in a stream, beyond a name, that would run code in Python. */
export interface Finding {
  readonly what: string;
  readonly offset: number;
}

/** What a stream has used so far; nested pickles share it, so that nesting gives no new allowance. */
export interface Session {
  readonly limits: Limits;
  readonly globals: Map<string, Writable<GlobalUse>>;
  readonly findings: Finding[];
  opcodes: number;
  objects: number;
  memoEntries: number;
  /** Highest PROTO seen. */
  protocol: number;
  joblibArrays: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function newSession(limits: Limits): Session {
  return {
    limits,
    globals: new Map(),
    findings: [],
    opcodes: 0,
    objects: 0,
    memoEntries: 0,
    protocol: 0,
    joblibArrays: 0,
  };
}

export interface Stream {
  readonly root: Inert;
  /** Offset after STOP. */
  readonly end: number;
}

const EMPTY_TUPLE: PyTuple = { kind: 'tuple', items: [] };
/** CPython refuses to parse longer decimal integers since 3.11. */
const MAX_DIGITS = 4300;
/** More of them add nothing to a verdict. */
const MAX_FINDINGS = 100;

/** cloudpickle's way to name a type that has no module, such as the type of code objects; honest files call it. */
function makesBuiltinType(maker: PyObject): boolean {
  const callable = asKind(maker.callable, 'global');
  return callable !== null && callable.name === '_builtin_type' && callable.module.startsWith('cloudpickle');
}

/**
 * Runs one pickle that starts at `start`. `joblib`: whether numpy arrays may follow their wrappers in the stream, as in
 * joblib's own files; not so in pickles nested in them. Throws LL3002 to LL3004, and LL3001 for arrays in side files.
 */
export function runPickle(bytes: Uint8Array, start: number, session: Session, joblib: boolean): Stream {
  const { limits, globals } = session;
  const { opcodes: maxOpcodes, stackItems: maxStack } = limits;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const total = bytes.length;
  const maxObjects = Math.floor(limits.freeObjects + limits.objectsPerByte * total);
  const stack: Inert[] = [];
  // Height of the stack at each open mark; nothing below the last one may be taken.
  const marks: number[] = [];
  // Picklers number their memo from 0 on; a stream that does not gets a map, so that no index costs memory.
  const memo: Inert[] = [];
  const farMemo = new Map<number, Inert>();
  let base = 0;
  let pos = start;
  // End of the frame being read; infinite outside of frames.
  let frameEnd = Number.POSITIVE_INFINITY;
  let opcodes = session.opcodes;
  // Opcode at hand and where it stands, for messages.
  let op = 0;
  let at = start;

  function broken(what: string): LoadlineError {
    return new LoadlineError('LL3003', `Cannot read the file: ${opcodeName(op)} at byte ${at} ${what}`, {
      offset: at,
    });
  }

  function cutOff(wanted: number): LoadlineError {
    return new LoadlineError(
      'LL3002',
      `Cannot read the file: ${opcodeName(op)} at byte ${at} needs ${wanted} more bytes, found ${total - pos}`,
      { offset: at },
    );
  }

  /** Offset of `size` bytes of argument, which are then behind us. */
  function take(size: number): number {
    const from = pos;
    if (size > total - from) {
      throw cutOff(size);
    }
    pos = from + size;
    return from;
  }

  /** An unsigned 64-bit size; too large for a number means too large for the file. */
  function takeSize8(): number {
    const from = take(8);
    const size = view.getUint32(from + 4, true) * 4294967296 + view.getUint32(from, true);
    if (size > total - pos) {
      throw cutOff(size);
    }
    return size;
  }

  function takeBytes(size: number): Uint8Array {
    const from = take(size);
    return bytes.subarray(from, from + size);
  }

  function takeUtf8(size: number): string {
    if (size > limits.stringBytes) {
      throw overLimit('stringBytes', limits, `a string of ${size} bytes`, at);
    }
    const from = take(size);
    return text(() => decodeUtf8(buffer, from, from + size));
  }

  function takeLatin1(size: number): string {
    if (size > limits.stringBytes) {
      throw overLimit('stringBytes', limits, `a string of ${size} bytes`, at);
    }
    const from = take(size);
    return buffer.toString('latin1', from, from + size);
  }

  /** The rest of the line, as latin-1. */
  function takeLine(): string {
    const end = bytes.indexOf(10, pos);
    if (end < 0) {
      throw new LoadlineError(
        'LL3002',
        `Cannot read the file: ${opcodeName(op)} at byte ${at} has no end of line`,
        {
          offset: at,
        },
      );
    }
    if (end - pos > limits.stringBytes) {
      throw overLimit('stringBytes', limits, `a line of ${end - pos} bytes`, at);
    }
    const line = buffer.toString('latin1', pos, end);
    pos = end + 1;
    return line;
  }

  function text<T>(parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (error instanceof TextError) {
        throw broken(`has ${error.message}`);
      }
      throw error;
    }
  }

  function takeIndex(): number {
    const index = text(() => parseInteger(takeLine(), MAX_DIGITS));
    if (typeof index !== 'number' || index < 0) {
      throw broken(`has the memo index ${index}`);
    }
    return index;
  }

  function pop(): Inert {
    if (stack.length <= base) {
      throw broken('takes from an empty stack');
    }
    return stack.pop()!;
  }

  function top(): Inert {
    if (stack.length <= base) {
      throw broken('takes from an empty stack');
    }
    return stack[stack.length - 1]!;
  }

  /** Counts a container or record that is about to be made. */
  function allow(): void {
    if (++session.objects > maxObjects) {
      throw overLimit('objectsPerByte', limits, `more than ${maxObjects} objects in ${total} bytes`, at);
    }
  }

  function replace(count: number): void {
    allow();
    if (stack.length - count < base) {
      throw broken('takes from an empty stack');
    }
    const items = count === 1 ? [stack.pop()!] : stack.splice(stack.length - count, count);
    stack.push({ kind: 'tuple', items });
  }

  function mark(): void {
    if (marks.length >= limits.markDepth) {
      throw overLimit('markDepth', limits, `more than ${marks.length} containers in each other`, at);
    }
    base = stack.length;
    marks.push(base);
  }

  /** Height of the stack at the last mark, which is then closed. */
  function closeMark(): number {
    const height = marks.pop();
    if (height === undefined) {
      throw broken('has no mark');
    }
    base = marks.length === 0 ? 0 : marks[marks.length - 1]!;
    return height;
  }

  function popMark(): Inert[] {
    const height = closeMark();
    return height === stack.length ? [] : stack.splice(height);
  }

  function put(index: number): void {
    const value = top();
    // CPython overwrites too; refusing would hide what a stream goes on to do.
    if (index < memo.length) {
      memo[index] = value;
      return;
    }
    if (index === memo.length) {
      memo.push(value);
      farMemo.delete(index);
    } else {
      farMemo.set(index, value);
    }
    if (++session.memoEntries > limits.memoEntries) {
      throw overLimit('memoEntries', limits, `more than ${session.memoEntries - 1} values in the memo`, at);
    }
  }

  function get(index: number): void {
    const value = index < memo.length ? memo[index] : farMemo.get(index);
    if (value === undefined) {
      throw broken(`asks for memo ${index}, which was not set`);
    }
    stack.push(value);
  }

  function global(module: string, name: string): PyGlobal {
    const key = `${module}\n${name}`;
    const use = globals.get(key);
    if (use === undefined) {
      if (globals.size >= limits.names) {
        throw overLimit('names', limits, `more than ${globals.size} different names`, at);
      }
      globals.set(key, { module, name, offset: at, count: 1, called: false, arity: null });
    } else {
      use.count++;
    }
    return { kind: 'global', module, name, offset: at };
  }

  function call(
    via: PyObject['via'],
    callable: Inert,
    args: readonly Inert[],
    kwargs: PyObject['kwargs'],
  ): Inert {
    allow();
    const called = asKind(callable, 'global');
    if (called === null) {
      const maker = asKind(callable, 'object');
      if (maker === null) {
        throw broken('calls a value that is no function');
      }
      if (!makesBuiltinType(maker)) {
        find('calls a value that is not a name');
      }
    } else {
      markCalled(called, args.length);
      if (called.module === 'copyreg' || called.module === 'copy_reg') {
        const rebuilt = reconstructor(called.name, args);
        if (rebuilt !== null) {
          return rebuilt;
        }
      }
      if (called.name === '_ufunc_reconstruct') {
        lookUp(args);
      }
    }
    return {
      kind: 'object',
      callable,
      args,
      kwargs,
      via,
      state: undefined,
      listItems: null,
      dictItems: null,
      offset: at,
    };
  }

  function markCalled(called: PyGlobal, arity: number): void {
    const use = globals.get(`${called.module}\n${called.name}`);
    if (use !== undefined) {
      use.called = true;
      use.arity = Math.max(use.arity ?? 0, arity);
    }
  }

  /** numpy's `_ufunc_reconstruct(module, name)` imports whatever it is told to: as good as a name in the stream. */
  function lookUp(args: readonly Inert[]): void {
    const [module, name] = args;
    if (typeof module === 'string' && typeof name === 'string') {
      global(module, name);
    } else {
      find('looks up a name that it computes');
    }
  }

  function find(what: string): void {
    if (session.findings.length < MAX_FINDINGS) {
      session.findings.push({ what, offset: at });
    }
  }

  /** Protocols 0 and 1 spell an instance as `copyreg._reconstructor(class, base, state of the base)`. */
  function reconstructor(name: string, args: readonly Inert[]): PyObject | null {
    const [callable, parent, content] = args;
    const type = asKind(callable, 'global');
    if (type === null) {
      return null;
    }
    const made: PyObject = {
      kind: 'object',
      callable: type,
      args: name === '__newobj__' ? args.slice(1) : [],
      kwargs: null,
      via: 'newobj',
      state: undefined,
      listItems: null,
      dictItems: null,
      offset: at,
    };
    if (name === '__newobj__') {
      markCalled(type, args.length - 1);
      return made;
    }
    if (name !== '_reconstructor' || args.length !== 3 || asKind(parent, 'global') === null) {
      return null;
    }
    markCalled(type, 0);
    made.listItems = asKind(content, 'list')?.items ?? null;
    made.dictItems = asKind(content, 'dict')?.entries ?? null;
    return made;
  }

  function addItems(target: Inert, items: readonly Inert[]): void {
    const list = asKind(target, 'list');
    let into: Inert[];
    if (list !== null) {
      into = list.items;
    } else {
      const object = asKind(target, 'object');
      if (object === null) {
        throw broken('adds to a value that is no list');
      }
      object.listItems ??= [];
      into = object.listItems;
    }
    for (const item of items) {
      into.push(item);
    }
  }

  function setItems(target: Inert, pairs: readonly Inert[]): void {
    if (pairs.length % 2 !== 0) {
      throw broken('has a key without a value');
    }
    const dict = asKind(target, 'dict');
    let into: (readonly [Inert, Inert])[];
    if (dict !== null) {
      into = dict.entries;
    } else {
      const object = asKind(target, 'object');
      if (object === null) {
        throw broken('sets an item of a value that is no dict');
      }
      object.dictItems ??= [];
      into = object.dictItems;
    }
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i]!;
      refuseUnhashable(key);
      into.push([key, pairs[i + 1]!]);
    }
  }

  function refuseUnhashable(key: Inert): void {
    if (typeof key !== 'object' || key === null || key instanceof Uint8Array) {
      return;
    }
    const { kind } = key;
    if (kind === 'list' || kind === 'dict' || kind === 'ndarray' || (kind === 'set' && !key.frozen)) {
      throw broken(`uses a ${kind} as a key`);
    }
  }

  function build(state: Inert): void {
    const object = asKind(top(), 'object');
    if (object === null) {
      throw broken('sets the state of a value that is no instance');
    }
    if (object.state !== undefined) {
      throw broken('sets a state for the second time');
    }
    object.state = state;
    const code = codeInState(object, state);
    if (code !== null) {
      find(code);
    }
    if (!joblib) {
      return;
    }
    refuseSideFile(object);
    if (isArrayWrapper(object)) {
      if (pos !== frameEnd && frameEnd !== Number.POSITIVE_INFINITY) {
        throw broken('is followed by an array inside of its frame');
      }
      frameEnd = Number.POSITIVE_INFINITY;
      session.opcodes = opcodes;
      session.joblibArrays++;
      const read = readWrappedArray(object, bytes, pos, (from) => runPickle(bytes, from, session, false));
      opcodes = session.opcodes;
      pos = read.end;
      stack[stack.length - 1] = read.value;
    }
  }

  for (;;) {
    if (pos >= frameEnd) {
      if (pos > frameEnd) {
        throw broken('reaches beyond its frame');
      }
      frameEnd = Number.POSITIVE_INFINITY;
    }
    at = pos;
    if (pos >= total) {
      throw new LoadlineError('LL3002', `Cannot read the file: it ends at byte ${total} without STOP`, {
        offset: total,
      });
    }
    op = bytes[pos++]!;
    if (++opcodes > maxOpcodes) {
      throw overLimit('opcodes', limits, `more than ${opcodes - 1} opcodes`, at);
    }
    if (stack.length > maxStack) {
      throw overLimit('stackItems', limits, `${stack.length} values on the stack`, at);
    }
    switch (op) {
      case OP.STOP: {
        const root = pop();
        if (stack.length > 0 || marks.length > 0) {
          throw broken(`leaves ${stack.length + marks.length} values on the stack`);
        }
        session.opcodes = opcodes;
        return { root, end: pos };
      }
      case OP.PROTO: {
        const protocol = bytes[take(1)]!;
        if (protocol > 5) {
          throw broken(`names protocol ${protocol}, the newest is 5`);
        }
        session.protocol = Math.max(session.protocol, protocol);
        break;
      }
      case OP.FRAME: {
        if (frameEnd !== Number.POSITIVE_INFINITY) {
          throw broken('opens a frame inside of a frame');
        }
        const size = takeSize8();
        frameEnd = pos + size;
        break;
      }

      case OP.MARK:
        mark();
        break;
      case OP.POP:
        // CPython lets POP take a mark, and protocol 0 uses it for recursive tuples.
        if (stack.length === base && marks.length > 0) {
          closeMark();
        } else {
          pop();
        }
        break;
      case OP.POP_MARK:
        stack.length = closeMark();
        break;
      case OP.DUP:
        stack.push(top());
        break;

      case OP.NONE:
        stack.push(null);
        break;
      case OP.NEWTRUE:
        stack.push(true);
        break;
      case OP.NEWFALSE:
        stack.push(false);
        break;
      case OP.INT:
        stack.push(text(() => parseInt0(takeLine(), MAX_DIGITS)));
        break;
      case OP.BININT:
        stack.push(view.getInt32(take(4), true));
        break;
      case OP.BININT1:
        stack.push(bytes[take(1)]!);
        break;
      case OP.BININT2:
        stack.push(view.getUint16(take(2), true));
        break;
      case OP.LONG:
        stack.push(text(() => parseLong(takeLine(), MAX_DIGITS)));
        break;
      case OP.LONG1:
        stack.push(parseTwosComplement(takeBytes(bytes[take(1)]!)));
        break;
      case OP.LONG4: {
        const size = view.getInt32(take(4), true);
        if (size < 0) {
          throw broken(`has a length of ${size}`);
        }
        if (size > limits.intBytes) {
          throw overLimit('intBytes', limits, `an integer of ${size} bytes`, at);
        }
        stack.push(parseTwosComplement(takeBytes(size)));
        break;
      }
      case OP.FLOAT:
        stack.push(text(() => parseFloat0(takeLine())));
        break;
      case OP.BINFLOAT:
        stack.push(view.getFloat64(take(8), false));
        break;

      case OP.STRING:
        stack.push(text(() => parseQuoted(takeLine())));
        break;
      case OP.BINSTRING: {
        const size = view.getInt32(take(4), true);
        if (size < 0) {
          throw broken(`has a length of ${size}`);
        }
        stack.push(takeLatin1(size));
        break;
      }
      case OP.SHORT_BINSTRING:
        stack.push(takeLatin1(bytes[take(1)]!));
        break;
      case OP.UNICODE:
        stack.push(text(() => parseRawUnicode(takeLine())));
        break;
      case OP.SHORT_BINUNICODE:
        stack.push(takeUtf8(bytes[take(1)]!));
        break;
      case OP.BINUNICODE:
        stack.push(takeUtf8(view.getUint32(take(4), true)));
        break;
      case OP.BINUNICODE8:
        stack.push(takeUtf8(takeSize8()));
        break;
      case OP.SHORT_BINBYTES:
        stack.push(takeBytes(bytes[take(1)]!));
        break;
      case OP.BINBYTES:
        stack.push(takeBytes(view.getUint32(take(4), true)));
        break;
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        stack.push(takeBytes(takeSize8()));
        break;

      case OP.EMPTY_TUPLE:
        stack.push(EMPTY_TUPLE);
        break;
      case OP.TUPLE:
        allow();
        stack.push({ kind: 'tuple', items: popMark() });
        break;
      case OP.TUPLE1:
        replace(1);
        break;
      case OP.TUPLE2:
        replace(2);
        break;
      case OP.TUPLE3:
        replace(3);
        break;
      case OP.EMPTY_LIST:
        allow();
        stack.push({ kind: 'list', items: [] });
        break;
      case OP.LIST:
        allow();
        stack.push({ kind: 'list', items: popMark() });
        break;
      case OP.APPEND: {
        const item = pop();
        addItems(top(), [item]);
        break;
      }
      case OP.APPENDS: {
        const items = popMark();
        addItems(top(), items);
        break;
      }
      case OP.EMPTY_DICT:
        allow();
        stack.push({ kind: 'dict', entries: [] });
        break;
      case OP.DICT: {
        const pairs = popMark();
        allow();
        const dict: Inert = { kind: 'dict', entries: [] };
        setItems(dict, pairs);
        stack.push(dict);
        break;
      }
      case OP.SETITEM: {
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        break;
      }
      case OP.SETITEMS: {
        const pairs = popMark();
        setItems(top(), pairs);
        break;
      }
      case OP.EMPTY_SET:
        allow();
        stack.push({ kind: 'set', frozen: false, items: [] });
        break;
      case OP.ADDITEMS: {
        const items = popMark();
        const set = asKind(top(), 'set');
        if (set === null || set.frozen) {
          throw broken('adds to a value that is no set');
        }
        for (const item of items) {
          refuseUnhashable(item);
          set.items.push(item);
        }
        break;
      }
      case OP.FROZENSET: {
        const items = popMark();
        allow();
        items.forEach(refuseUnhashable);
        stack.push({ kind: 'set', frozen: true, items });
        break;
      }

      case OP.PUT:
        put(takeIndex());
        break;
      case OP.BINPUT:
        put(bytes[take(1)]!);
        break;
      case OP.LONG_BINPUT:
        put(view.getUint32(take(4), true));
        break;
      case OP.MEMOIZE:
        put(memo.length + farMemo.size);
        break;
      case OP.GET:
        get(takeIndex());
        break;
      case OP.BINGET:
        get(bytes[take(1)]!);
        break;
      case OP.LONG_BINGET:
        get(view.getUint32(take(4), true));
        break;

      case OP.GLOBAL: {
        const module = lineName();
        stack.push(global(module, lineName()));
        break;
      }
      case OP.STACK_GLOBAL: {
        const name = pop();
        const module = pop();
        if (typeof name !== 'string' || typeof module !== 'string') {
          throw broken('names something that is no text');
        }
        stack.push(global(module, name));
        break;
      }
      case OP.INST: {
        const module = lineName();
        const type = global(module, lineName());
        stack.push(call('inst', type, popMark(), null));
        break;
      }
      case OP.OBJ: {
        const [type, ...args] = popMark();
        if (type === undefined) {
          throw broken('has no class');
        }
        stack.push(call('obj', type, args, null));
        break;
      }
      case OP.REDUCE: {
        const args = takeArguments(pop());
        stack.push(call('reduce', pop(), args, null));
        break;
      }
      case OP.NEWOBJ: {
        const args = takeArguments(pop());
        stack.push(call('newobj', pop(), args, null));
        break;
      }
      case OP.NEWOBJ_EX: {
        const kwargs = asKind(pop(), 'dict');
        if (kwargs === null) {
          throw broken('has keyword arguments that are no dict');
        }
        const args = takeArguments(pop());
        stack.push(call('newobj', pop(), args, kwargs));
        break;
      }
      case OP.BUILD:
        build(pop());
        break;

      case OP.PERSID:
      case OP.BINPERSID:
        throw broken('refers to an object outside of the file');
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        throw broken('refers to the extension registry of the Python that wrote it');
      case OP.NEXT_BUFFER:
      case OP.READONLY_BUFFER:
        throw broken('refers to a buffer outside of the file');
      default:
        throw broken('is no opcode of pickle');
    }
  }

  function lineName(): string {
    const line = takeLine();
    return text(() => decodeUtf8(Buffer.from(line, 'latin1'), 0, line.length));
  }

  function takeArguments(value: Inert): readonly Inert[] {
    const args = asKind(value, 'tuple');
    if (args === null) {
      throw broken('has arguments that are no tuple');
    }
    return args.items;
  }
}
