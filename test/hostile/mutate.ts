/** Files that a seed makes: noise, streams of random opcodes, and honest files with something changed. */
import { OP } from '../../src/pickle/opcodes.ts';
import { binary, global, le, text } from './assemble.ts';
import type { Op } from './opcodes.ts';
import { opcodesOf } from './opcodes.ts';
import type { Random } from './random.ts';

/** Random bytes, sometimes behind the beginning of something. */
export function noise(random: Random): Buffer {
  const heads = [
    '',
    '\x80\x04',
    '\x80\x02',
    '\x78\x9c',
    '\x1f\x8b\x08\0',
    'BZh9',
    '\xfd7zXZ\0',
    '\x5d\0\0',
    '\x04\x22\x4d\x18',
    'ZF0x10',
    '(',
    '}',
  ];
  const body = Buffer.alloc(random.below(random.below(8) === 0 ? 20_000 : 300));
  for (let i = 0; i < body.length; i++) {
    body[i] = random.below(256);
  }
  return Buffer.concat([Buffer.from(random.pick(heads), 'latin1'), body]);
}

const GLOBALS = [
  ['numpy.core.multiarray', '_reconstruct'],
  ['numpy._core.numeric', '_frombuffer'],
  ['numpy.core.multiarray', 'scalar'],
  ['numpy', 'dtype'],
  ['numpy', 'ndarray'],
  ['numpy.ma.core', '_mareconstruct'],
  ['scipy.sparse._csr', 'csr_matrix'],
  ['scipy.sparse._coo', 'coo_matrix'],
  ['joblib.numpy_pickle', 'NumpyArrayWrapper'],
  ['copyreg', '_reconstructor'],
  ['builtins', 'object'],
  ['builtins', 'set'],
  ['builtins', 'slice'],
  ['builtins', 'bytearray'],
  ['collections', 'OrderedDict'],
  ['functools', 'partial'],
  ['_codecs', 'encode'],
  ['pandas.core.indexes.base', '_new_Index'],
  ['sklearn.linear_model._base', 'LinearRegression'],
  ['sklearn.preprocessing._data', 'StandardScaler'],
  ['sklearn.pipeline', 'Pipeline'],
  ['sklearn.tree._classes', 'DecisionTreeClassifier'],
  ['sklearn.tree._tree', 'Tree'],
] as const;

const TEXTS = [
  'f8',
  'i4',
  'O8',
  'U3',
  'V8',
  '<',
  '>',
  'C',
  'F',
  'coef_',
  'intercept_',
  'steps',
  'mean_',
  'scale_',
  '_sklearn_version',
  '1.7.2',
  'latin1',
  '',
  '__proto__',
  'shape',
  'dtype',
  'order',
];

/** A stream of opcodes with arguments that fit, chosen with an eye on the stack so that many of them run to the end. */
export function opcodes(random: Random): Buffer {
  const parts: string[] = [random.pick(['\x80\x02', '\x80\x04', '\x80\x05', ''])];
  let height = 0;
  let marks = 0;
  let memo = 0;
  const push = (part: string) => {
    parts.push(part);
    height++;
  };
  const pushGlobal = () => {
    const [module, name] = random.pick(GLOBALS);
    push(global(module, name));
  };
  const values: (() => void)[] = [
    () => push('N'),
    () => push('\x88'),
    () => push(`K${le(random.below(256), 1)}`),
    () => push(`J${le(random.below(2 ** 31) - 2 ** 30, 4)}`),
    () => push(`\x8a\x08${le(BigInt(random.below(2 ** 31)) << 32n, 8)}`),
    () => push(`G${le(random.below(2 ** 31), 8)}`),
    () => push(text(random.pick(TEXTS))),
    () => push(binary('\x01'.repeat(random.below(40)))),
    () => push(')'),
    () => push(']'),
    () => push('}'),
    () => push('\x8f'),
    () => pushGlobal(),
    () => pushGlobal(),
  ];
  const others: (() => void)[] = [
    ...values,
    () => {
      parts.push('(');
      marks++;
    },
    () => {
      if (height > 0) {
        parts.push(`q${le(random.below(2) === 0 ? memo++ % 256 : random.below(256), 1)}`);
      }
    },
    () => memo > 0 && push(`h${le(random.below(memo) % 256, 1)}`),
    () => height > 0 && push('2'),
    () => height > 0 && parts.push('\x85'),
    () => take(2, '\x86'),
    () => take(3, '\x87'),
    () => take(2, 'R'),
    () => take(2, '\x81'),
    () => take(2, 'b'),
    () => take(2, 'a'),
    () => take(3, 's'),
    () => take(2, '\x93'),
    () => take(1, '0', 1),
    () => close('t'),
    () => close('l'),
    () => close('d'),
    () => close('e'),
    () => close('u'),
    () => close('\x90'),
    () => close('\x91'),
    () => close('1'),
    () => close('o'),
  ];
  function take(n: number, op: string, drop = n - 1): void {
    if (height >= n) {
      parts.push(op);
      height -= drop;
    }
  }
  function close(op: string): void {
    if (marks > 0) {
      parts.push(op);
      marks--;
    }
  }
  const length = 1 + random.below(random.below(4) === 0 ? 400 : 60);
  for (let i = 0; i < length; i++) {
    random.pick(height < 3 ? values : others)();
  }
  for (; marks > 0; marks--) {
    parts.push('t');
  }
  // Half of them end with one value on the stack, if nothing above went wrong.
  if (random.below(2) === 0) {
    parts.push('0'.repeat(Math.max(0, height - 1)));
  }
  return Buffer.from(`${parts.join('')}.`, 'latin1');
}

/** Values that readers stumble over, as little-endian bytes. */
export const AWKWARD = [
  le(0, 8),
  le(-1, 8),
  le(2 ** 31, 8),
  le(2 ** 53, 8),
  le(2n ** 63n - 1n, 8),
  '\0\0\0\0\0\0\xf8\x7f',
  '\0\0\0\0\0\0\xf0\x7f',
  '\0\0\0\0\0\0\0\x80',
  '\xff\xff\xff\xff\xff\xff\xef\x7f',
  '\xff\xff\xff\xff',
  '\0\0\0\x80',
  '\0\0\xc0\x7f',
];

/** An honest file with one to four changes. `other` lends parts. */
export function mutated(random: Random, honest: Buffer, other: Buffer): Buffer {
  let file: Buffer = Buffer.from(honest);
  for (let n = 1 + random.below(random.below(3) === 0 ? 4 : 1); n > 0; n--) {
    file = changed(random, file, other);
  }
  return file;
}

function changed(random: Random, file: Buffer, other: Buffer): Buffer {
  if (file.length < 16) {
    return file;
  }
  const at = random.below(file.length);
  switch (random.below(12)) {
    case 0:
      file[at] = random.below(256);
      return file;
    case 1:
      file[at]! ^= 1 << random.below(8);
      return file;
    case 2:
    case 3:
    case 4: {
      const value = random.pick(AWKWARD);
      file.write(value, Math.min(at, file.length - value.length), 'latin1');
      return file;
    }
    case 5:
      return file.subarray(0, at);
    case 6:
      return Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + random.below(40))]);
    case 7:
      return Buffer.concat([file.subarray(0, at), other.subarray(random.below(other.length))]);
    default:
      return changedOpcode(random, file, other);
  }
}

/** Changes an argument, or takes out, repeats or exchanges a whole opcode; frames go, so that the lengths fit. */
function changedOpcode(random: Random, file: Buffer, other: Buffer): Buffer {
  const ops = opcodesOf(file);
  if (ops.length < 8) {
    return file;
  }
  const target = random.pick(ops);
  const parts = ops.map((op) => (op.code === OP.FRAME ? Buffer.alloc(0) : file.subarray(op.start, op.end)));
  const index = ops.indexOf(target);
  switch (random.below(5)) {
    case 0:
      parts[index] = withOtherArgument(random, file, target);
      break;
    case 1:
      parts.splice(index, 1);
      break;
    case 2:
      parts.splice(index, 0, parts[index]!);
      break;
    case 3: {
      const second = random.below(parts.length);
      const kept = parts[index]!;
      parts[index] = parts[second]!;
      parts[second] = kept;
      break;
    }
    default: {
      const foreign = opcodesOf(other);
      if (foreign.length > 0) {
        const { start, end } = random.pick(foreign);
        parts[index] = other.subarray(start, end);
      }
    }
  }
  return Buffer.concat([...parts, file.subarray(ops.at(-1)?.end ?? 0)]);
}

function withOtherArgument(random: Random, file: Buffer, op: Op): Buffer {
  const out = Buffer.from(file.subarray(op.start, op.end));
  switch (op.code) {
    case OP.BININT1:
    case OP.BININT2:
    case OP.BININT:
    case OP.BINGET:
    case OP.LONG_BINGET:
    case OP.BINFLOAT:
      for (let i = 1; i < out.length; i++) {
        out[i] = random.pick([0, 1, 2, 127, 128, 255, random.below(256)]);
      }
      return out;
    case OP.NEWTRUE:
    case OP.NEWFALSE:
    case OP.NONE:
      return Buffer.from(random.pick(['\x88', '\x89', 'N', 'K\x07', ')', ']', '}']), 'latin1');
    case OP.SHORT_BINUNICODE:
    case OP.BINUNICODE:
      return Buffer.from(text(random.pick(TEXTS)), 'latin1');
    default:
      if (out.length > 1) {
        out[1 + random.below(out.length - 1)] = random.below(256);
      }
      return out;
  }
}
