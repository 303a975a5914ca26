/**
 * From the nodes of a skops schema to inert values: the same that the pickle of the same object gives, so that whatever
 * reads fitted states reads both. Source of the kinds and of the order in which they are loaded: skops 0.10 to 0.16,
 * skops/io/_general.py, _numpy.py, _scipy.py, _sklearn.py and old/ (protocols 0 to 2).
 */
import type { ExactJson, ExactObject } from '../../bytes/exact-json.ts';
import { isExactObject, parseExactJson } from '../../bytes/exact-json.ts';
import type { Limits } from '../../bytes/limits.ts';
import { overLimit } from '../../bytes/limits.ts';
import { LoadlineError } from '../../errors.ts';
import { codeInState } from '../../pickle/audit/state-code.ts';
import type { Inert, PyDict, PyObject } from '../../pickle/inert.ts';
import { asKind, readShape } from '../../pickle/numpy.ts';
import type { Finding } from '../../pickle/read.ts';
import { parseInteger, TextError } from '../../pickle/text.ts';
import { readScalar } from '../../tensor/convert.ts';
import type { DType, NdArray } from '../../tensor/ndarray.ts';
import type { SideFiles } from './arrays.ts';
import type { Names } from './names.ts';

export interface Reader {
  readonly files: SideFiles;
  readonly names: Names;
  readonly limits: Limits;
  /** What else would run code in Python. */
  readonly findings: Finding[];
  /** Values by `__id__`; null while one is being read. */
  readonly memo: Map<string | number | bigint, { readonly value: Inert } | null>;
  /** Elements that arrays of objects may still have: a list that is named again costs the file nothing, but memory. */
  elements: number;
}

type ReadNode = (node: ExactObject, reader: Reader) => Inert;

/** CPython refuses to parse longer decimal integers since 3.11. */
const MAX_DIGITS = 4300;
/** Largest size of one dimension of an array without elements, so that no loop over rows runs away. */
const MAX_EMPTY_DIMENSION = 2 ** 24;

/**
 * Reads one node. Of several with one `__id__` the first counts, whatever the others hold, as skops has it. Throws LL3003
 * for what skops does not write, and what the side files throw.
 */
export function readNode(value: ExactJson | undefined, reader: Reader): Inert {
  if (!isExactObject(value)) {
    throw new LoadlineError('LL3003', 'Cannot read schema.json: a value stands where a node should');
  }
  const id = value.fields.get('__id__') ?? 0;
  if (typeof id !== 'number' && typeof id !== 'bigint') {
    throw broken(value, 'a node whose __id__ is no integer');
  }
  const known = reader.memo.get(id);
  if (known === null) {
    throw broken(value, 'a node that holds itself');
  }
  if (known !== undefined) {
    return known.value;
  }
  const loader = value.fields.get('__loader__');
  const read = typeof loader === 'string' && Object.hasOwn(NODES, loader) ? NODES[loader] : undefined;
  if (read === undefined) {
    const name = typeof loader === 'string' ? JSON.stringify(loader.slice(0, 40)) : 'no kind';
    throw broken(value, `a node of ${name}, which skops up to 0.16 does not write`);
  }
  // skops takes an id of 0 for none.
  const shared = Number(id) !== 0;
  if (shared) {
    reader.memo.set(id, null);
  }
  const found = read(value, reader);
  if (shared) {
    reader.memo.set(id, { value: found });
  }
  return found;
}

const NODES: Readonly<Record<string, ReadNode>> = {
  JsonNode: readScalarNode,
  DictNode: (node, reader) => {
    const entries = dictEntriesOf(node, reader);
    // Any other class is made empty and then given its items, as a pickle does with SETITEMS.
    return isNamed(node, 'builtins', 'dict')
      ? { kind: 'dict', entries }
      : instance(node, reader, { via: 'reduce', dictItems: entries });
  },
  _DictWithDeprecatedKeysNode: (node, reader) => readNode(contentOf(node).get('main'), reader),
  DefaultDictNode: (node, reader) => {
    const main = asKind(readNode(contentOf(node).get('main'), reader), 'dict');
    const factory = readNode(contentOf(node).get('default_factory'), reader);
    if (main === null) {
      throw broken(node, 'a defaultdict without its items');
    }
    return called(node, reader, 'collections', 'defaultdict', {
      via: 'reduce',
      args: [factory],
      dictItems: main.entries,
    });
  },
  ListNode: (node, reader) => {
    const items = itemsOf(node, reader);
    return isNamed(node, 'builtins', 'list')
      ? { kind: 'list', items }
      : instance(node, reader, { via: 'reduce', args: [{ kind: 'list', items }] });
  },
  SetNode: (node, reader) => {
    const items = itemsOf(node, reader);
    return isNamed(node, 'builtins', 'set')
      ? { kind: 'set', frozen: false, items }
      : instance(node, reader, { via: 'reduce', args: [{ kind: 'list', items }] });
  },
  TupleNode: (node, reader) => {
    const items = itemsOf(node, reader);
    return isNamed(node, 'builtins', 'tuple')
      ? { kind: 'tuple', items }
      : instance(node, reader, { via: 'newobj', args: items });
  },
  BytesNode: (node, reader) => reader.files.bytes(fileOf(node)),
  BytearrayNode: (node, reader) =>
    called(node, reader, 'builtins', 'bytearray', {
      via: 'reduce',
      args: [reader.files.bytes(fileOf(node))],
    }),
  SliceNode: (node, reader) => {
    const content = contentOf(node);
    const args = ['start', 'stop', 'step'].map((part) => scalarOf(node, content.get(part)));
    return called(node, reader, 'builtins', 'slice', { via: 'reduce', args });
  },
  FunctionNode: (node) => {
    const content = node.fields.get('content');
    return isExactObject(content)
      ? globalOf(node, content.fields.get('module_path'), content.fields.get('function'))
      : classOf(node);
  },
  TypeNode: (node) => classOf(node),
  // Whatever the object is, it would be asked for an attribute: the name was noted, the value is of no use.
  MethodNode: (node, reader) => {
    const content = contentOf(node);
    readNode(content.get('obj'), reader);
    const { module, name } = classOf(node);
    return globalOf(node, module, `${name}.${textOf(node, content.get('func'))}`);
  },
  PartialNode: (node, reader) => {
    const content = contentOf(node);
    const items = ['func', 'args', 'kwds', 'namespace'].map((part) => readNode(content.get(part), reader));
    return called(node, reader, 'functools', 'partial', {
      via: 'reduce',
      args: [items[0]!],
      state: { kind: 'tuple', items },
    });
  },
  OperatorFuncNode: (node, reader) =>
    called(node, reader, 'operator', classOf(node).name, {
      via: 'reduce',
      args: tupleItems(node, readNode(node.fields.get('attrs'), reader)),
    }),
  ConstructorFromReduceNode: (node, reader) =>
    instance(node, reader, {
      via: 'reduce',
      args: tupleItems(node, readNode(node.fields.get('content'), reader)),
    }),
  ObjectNode: (node, reader) => {
    const content = node.fields.get('content') ?? null;
    const state = content === null ? null : readNode(content, reader);
    return instance(node, reader, { via: 'newobj', state: state ?? undefined });
  },
  // skops makes a Tree whatever class the node names.
  TreeNode: (node, reader) => reduced(node, reader, 'sklearn.tree._tree', 'Tree'),
  LossNode: (node, reader) => reduced(node, reader, classOf(node).module, classOf(node).name),
  // As skops 0.10 called it.
  SGDNode: (node, reader) => reduced(node, reader, classOf(node).module, classOf(node).name),
  QuantileForestNode: (node, reader) => reduced(node, reader, classOf(node).module, classOf(node).name),
  NdArrayNode: readArrayNode,
  MaskedArrayNode: (node, reader) => {
    const content = contentOf(node);
    const data = readNode(content.get('data'), reader);
    // What is masked is read and dropped, as it is of a pickle.
    readNode(content.get('mask'), reader);
    return data;
  },
  DTypeNode: (node, reader) => {
    const array = asKind(readNode(node.fields.get('content'), reader), 'ndarray');
    const spec = array === null ? null : dtypeSpec(array.dtype);
    return called(node, reader, 'numpy', 'dtype', { via: 'reduce', args: spec === null ? [] : [spec] });
  },
  RandomStateNode: (node, reader) =>
    instance(node, reader, { via: 'reduce', state: readNode(node.fields.get('content'), reader) }),
  RandomGeneratorNode: (node, reader) => {
    const content = contentOf(node);
    const parts = ['bit_generator', 'seed_seq'].filter((part) => isExactObject(content.get(part)));
    // Protocol 0 kept a bare dict, which nothing here needs.
    const state = parts
      .filter((part) => (content.get(part) as ExactObject).fields.has('__loader__'))
      .map((part): readonly [Inert, Inert] => [part, readNode(content.get(part), reader)]);
    return instance(node, reader, { via: 'reduce', state: { kind: 'dict', entries: state } });
  },
  SparseMatrixNode: (node, reader) => {
    const { format, isArray, state } = reader.files.sparse(fileOf(node));
    // scipy makes the class that the file names, not the one of the schema.
    const name = `${format}_${isArray ? 'array' : 'matrix'}`;
    return called(node, reader, `scipy.sparse._${format}`, name, { via: 'reduce', state });
  },
};

interface Call {
  readonly via: PyObject['via'];
  readonly args?: readonly Inert[];
  readonly state?: Inert | undefined;
  readonly dictItems?: (readonly [Inert, Inert])[];
}

/** The record of making an instance of the class that the node names. */
function instance(node: ExactObject, reader: Reader, call: Call): PyObject {
  const { module, name } = classOf(node);
  return called(node, reader, module, name, call);
}

/** The record of a call that loading the node would make. */
function called(node: ExactObject, reader: Reader, module: string, name: string, call: Call): PyObject {
  const { via, args = [], state, dictItems = null } = call;
  const { offset } = node;
  const object: PyObject = {
    kind: 'object',
    callable: reader.names.called(module, name, args.length, offset),
    args,
    kwargs: null,
    via,
    state,
    listItems: null,
    dictItems,
    offset,
  };
  const code = state === undefined ? null : codeInState(object, state);
  if (code !== null) {
    reader.findings.push({ what: code, offset });
  }
  return object;
}

function reduced(node: ExactObject, reader: Reader, module: string, name: string): PyObject {
  const reduce = node.fields.get('__reduce__');
  const state = readNode(node.fields.get('content'), reader);
  const args = readNode(isExactObject(reduce) ? reduce.fields.get('args') : undefined, reader);
  return called(node, reader, module, name, { via: 'reduce', args: tupleItems(node, args), state });
}

function classOf(node: ExactObject): Extract<Inert, { kind: 'global' }> {
  return globalOf(node, node.fields.get('__module__'), node.fields.get('__class__'));
}

function globalOf(
  node: ExactObject,
  module: ExactJson | undefined,
  name: ExactJson | undefined,
): Extract<Inert, { kind: 'global' }> {
  return { kind: 'global', module: textOf(node, module), name: textOf(node, name), offset: node.offset };
}

function isNamed(node: ExactObject, module: string, name: string): boolean {
  return node.fields.get('__module__') === module && node.fields.get('__class__') === name;
}

function contentOf(node: ExactObject): ExactObject['fields'] {
  const content = node.fields.get('content');
  if (!isExactObject(content)) {
    throw broken(node, 'a node without its content');
  }
  return content.fields;
}

function itemsOf(node: ExactObject, reader: Reader, content = node.fields.get('content')): Inert[] {
  if (!Array.isArray(content)) {
    throw broken(node, 'a node without the list of its items');
  }
  return content.map((item) => readNode(item, reader));
}

function tupleItems(node: ExactObject, value: Inert): readonly Inert[] {
  const items = (asKind(value, 'tuple') ?? asKind(value, 'list'))?.items;
  if (items === undefined) {
    throw broken(node, 'a call without the tuple of its arguments');
  }
  return items;
}

function textOf(node: ExactObject, value: ExactJson | undefined): string {
  if (typeof value !== 'string') {
    throw broken(node, 'a node without the name of its class, function or file');
  }
  return value;
}

function fileOf(node: ExactObject): string {
  return textOf(node, node.fields.get('file'));
}

/** A value that JSON holds by itself. */
function scalarOf(node: ExactObject, value: ExactJson | undefined): Inert {
  if (value === undefined || Array.isArray(value) || isExactObject(value)) {
    throw broken(node, 'a node without its plain value');
  }
  return value as Inert;
}

/** The text of a JSON value within JSON: what `json.dumps` made of a string, a number, a boolean or None. */
function readScalarNode(node: ExactObject, { limits }: Reader): Inert {
  const text = textOf(node, node.fields.get('content'));
  if (text.length > limits.stringBytes) {
    throw broken(node, `a value of ${text.length} characters`);
  }
  try {
    return scalarOf(node, parseExactJson(Buffer.from(text), 'a value in schema.json', limits));
  } catch (error) {
    throw broken(node, `a value that is no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

function dictEntriesOf(node: ExactObject, reader: Reader): PyDict['entries'] {
  const types = asKind(readNode(node.fields.get('key_types'), reader), 'list')?.items;
  const content = contentOf(node);
  if (types?.length !== content.size) {
    throw broken(node, `a dict of ${content.size} items with the types of ${types?.length ?? 'no'} keys`);
  }
  return [...content].map(
    ([key, value], i) => [keyOf(node, key, types[i]!), readNode(value, reader)] as const,
  );
}

/** A key, which JSON has only as text, as the type that it had. */
function keyOf(node: ExactObject, key: string, type: Inert): Inert {
  const global = asKind(type, 'global');
  const kind = global === null ? '' : `${global.module}.${global.name}`;
  if (/^(?:builtins\.str|numpy\.(?:str_?|unicode_))$/.test(kind)) {
    return key;
  }
  if (/^(?:builtins\.int|numpy\.(?:u?int\d*|intp|u?longlong|u?long))$/.test(kind)) {
    try {
      return parseInteger(key, MAX_DIGITS);
    } catch (error) {
      if (error instanceof TextError) {
        throw broken(node, `a key that is ${error.message}`);
      }
      throw error;
    }
  }
  if (/^(?:builtins\.float|numpy\.float\d*)$/.test(kind)) {
    const number = key === 'NaN' ? Number.NaN : Number(key);
    if (key.trim() === '' || (Number.isNaN(number) && key !== 'NaN')) {
      throw broken(node, 'a key that is no number');
    }
    return number;
  }
  if (/^(?:builtins\.bool|numpy\.bool_?)$/.test(kind) && /^(?:true|false|True|False)$/.test(key)) {
    return key.toLowerCase() === 'true';
  }
  if (kind === 'builtins.NoneType' && key === 'null') {
    return null;
  }
  throw broken(node, `a dict with a key of the type ${kind === '' ? 'of a value' : kind}`);
}

function readArrayNode(node: ExactObject, reader: Reader): Inert {
  const type = node.fields.get('type');
  if (type === 'json') {
    return objectArray(node, reader);
  }
  if (type !== 'numpy') {
    throw broken(node, 'an array that is neither in a file nor in the schema');
  }
  const array: NdArray<Inert> = reader.files.array(fileOf(node));
  if (isNamed(node, 'numpy', 'ndarray')) {
    return array;
  }
  // numpy.float64 and the like: the class is called with an array of no dimensions.
  const { module, name } = classOf(node);
  const scalar = array.shape.length === 0 ? readScalar(array.dtype, array.bytes) : null;
  const record = called(node, reader, module, name, { via: 'reduce', args: [array] });
  return scalar ?? (array.shape.length > 0 ? array : record);
}

/** Objects are nodes in lists, one list in another for each dimension beyond the first. */
function objectArray(node: ExactObject, reader: Reader): NdArray<Inert> {
  let objects: readonly Inert[] = itemsOf(node, reader);
  const shape = readShape(readNode(node.fields.get('shape'), reader), node.offset);
  if (shape.length === 0 || shape.some((size) => size > MAX_EMPTY_DIMENSION && objects.length === 0)) {
    throw broken(node, `an array of objects of shape [${shape.join(', ')}]`);
  }
  for (const [axis, size] of shape.entries()) {
    if (axis > 0) {
      const lists = objects.map((item) => asKind(item, 'list')?.items);
      if (!lists.every((list) => list?.length === size)) {
        throw broken(node, 'an array of objects whose lists do not have its shape');
      }
      reader.elements -= lists.length * size;
      if (reader.elements < 0) {
        const found = `an array of ${lists.length * size} objects that it does not list`;
        throw overLimit('objectsPerByte', reader.limits, found, node.offset);
      }
      objects = lists.flatMap((list) => list ?? []);
    } else if (objects.length !== size) {
      throw broken(node, `an array of ${size} objects with ${objects.length}`);
    }
  }
  const dtype: DType = { kind: 'O', itemSize: 8, littleEndian: true, fields: null, subShape: [] };
  return { kind: 'ndarray', dtype, shape, fortran: false, bytes: new Uint8Array(0), objects };
}

/** The spelling that numpy.dtype takes; null for a structure, which no option is. */
function dtypeSpec({ kind, itemSize, littleEndian, fields }: DType): string | null {
  const size = kind === 'U' ? itemSize / 4 : itemSize;
  return fields !== null ? null : kind === 'O' ? 'O' : `${littleEndian ? '<' : '>'}${kind}${size}`;
}

function broken(node: ExactObject, what: string): LoadlineError {
  return new LoadlineError('LL3003', `Cannot read schema.json: it has ${what} (byte ${node.offset})`, {
    offset: node.offset,
  });
}
