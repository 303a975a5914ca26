/** Skops files with something changed inside of their archive, packed again so that lengths and checksums fit. */
import { unzipSync, zipSync } from 'fflate';
import { AWKWARD, mutated } from './mutate.ts';
import type { Random } from './random.ts';

const SCHEMA = 'schema.json';

type Json = unknown;
type JsonObject = Record<string, Json>;

const LOADERS = [
  'JsonNode',
  'DictNode',
  'ListNode',
  'TupleNode',
  'SetNode',
  'ObjectNode',
  'NdArrayNode',
  'SparseMatrixNode',
  'TreeNode',
  'LossNode',
  'TypeNode',
  'FunctionNode',
  'MethodNode',
  'PartialNode',
  'DTypeNode',
  'RandomStateNode',
  'MaskedArrayNode',
  'ConstructorFromReduceNode',
  'CachedNode',
  'DefaultDictNode',
  'BytesNode',
  'SliceNode',
  'NoSuchNode',
];
const CLASSES = [
  ['sklearn.linear_model._base', 'LinearRegression'],
  ['sklearn.tree._tree', 'Tree'],
  ['sklearn.pipeline', 'Pipeline'],
  ['numpy', 'ndarray'],
  ['numpy', 'float64'],
  ['builtins', 'dict'],
  ['builtins', 'int'],
  ['collections', 'OrderedDict'],
  ['os', 'system'],
  ['__proto__', 'constructor'],
] as const;
const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1,
  7,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  'x',
  '1',
  '-1',
  '1e999',
  'NaN',
  'null',
  '"x"',
  '[1]',
  [],
  {},
  '__proto__',
];

/** A skops file with one to four changes; `other` lends parts. */
export function mutatedSkops(random: Random, honest: Buffer, other: Buffer): Buffer {
  if (random.below(8) === 0) {
    return mutated(random, honest, other);
  }
  const files = new Map(Object.entries(unzipSync(honest)));
  for (let n = 1 + random.below(random.below(3) === 0 ? 4 : 1); n > 0; n--) {
    change(random, files, other);
  }
  return Buffer.from(zipSync(Object.fromEntries(files), { level: random.pick([0, 1]) }));
}

function change(random: Random, files: Map<string, Uint8Array>, other: Buffer): void {
  const names = [...files.keys()];
  if (names.length === 0) {
    return;
  }
  const name = random.pick(names);
  const file = files.get(name)!;
  switch (random.below(8)) {
    case 0:
      files.delete(name);
      return;
    case 1: {
      // Another file's bytes under this name: of another shape, or no array at all.
      const lent = unzipSync(other);
      files.set(name, random.pick(Object.values(lent)));
      return;
    }
    case 2:
    case 3:
      if (name !== SCHEMA) {
        files.set(name, changedBytes(random, file));
        return;
      }
      break;
    case 4: {
      const schema = files.get(SCHEMA);
      if (schema !== undefined) {
        files.set(SCHEMA, changedBytes(random, schema));
      }
      return;
    }
    default:
  }
  const schema = files.get(SCHEMA);
  if (schema !== undefined) {
    files.set(SCHEMA, changedSchema(random, schema));
  }
}

function changedBytes(random: Random, file: Uint8Array): Uint8Array {
  const out = Buffer.from(file);
  if (out.length < 16) {
    return out;
  }
  const at = random.below(out.length);
  switch (random.below(4)) {
    case 0:
      return out.subarray(0, at);
    case 1:
      out[at] = random.below(256);
      return out;
    default: {
      const value = random.pick(AWKWARD);
      out.write(value, Math.min(at, out.length - value.length), 'latin1');
      return out;
    }
  }
}

function changedSchema(random: Random, schema: Uint8Array): Uint8Array {
  let root: Json;
  try {
    root = JSON.parse(Buffer.from(schema).toString());
  } catch {
    return schema;
  }
  const objects = objectsIn(root);
  if (objects.length === 0) {
    return schema;
  }
  const node = random.pick(objects);
  const donor = random.pick(objects);
  const keys = Object.keys(node);
  const key = keys.length === 0 ? 'content' : random.pick(keys);
  switch (random.below(9)) {
    case 0:
      delete node[key];
      break;
    case 1:
      node[key] = random.pick(VALUES);
      break;
    case 2:
      node.__loader__ = random.pick(LOADERS);
      break;
    case 3: {
      const [module, name] = random.pick(CLASSES);
      node.__module__ = module;
      node.__class__ = name;
      break;
    }
    case 4:
      // The same object, or one that holds itself, to a reader that goes by ids.
      node.__id__ = donor.__id__ ?? 1;
      break;
    case 5:
      node.content = random.pick(VALUES);
      break;
    case 6:
      if ('file' in donor) {
        node.file = donor.file;
      }
      break;
    case 7:
      if (Array.isArray(node.content) && node.content.length > 0) {
        node.content.splice(random.below(node.content.length), 1);
      } else {
        node.content = structuredClone(donor.content);
      }
      break;
    default:
      node[key] = structuredClone(donor[random.pick(Object.keys(donor).concat('content'))]);
  }
  return Buffer.from(JSON.stringify(root));
}

function objectsIn(value: Json, found: JsonObject[] = []): JsonObject[] {
  if (Array.isArray(value)) {
    for (const item of value) {
      objectsIn(item, found);
    }
  } else if (typeof value === 'object' && value !== null) {
    found.push(value as JsonObject);
    for (const item of Object.values(value)) {
      objectsIn(item, found);
    }
  }
  return found;
}
