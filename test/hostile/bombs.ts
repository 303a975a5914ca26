/** Malformed streams, and streams that ask for more memory, time or depth than they are worth. */
import { deflateSync, gzipSync } from 'node:zlib';
import { bytesOf, global, le, PROTO_2, PROTO_4, text } from './assemble.ts';

export interface Bomb {
  readonly name: string;
  /** What it does to a careless reader, or where it is described. */
  readonly why: string;
  readonly file: () => Buffer;
  /** Code of the refusal; LL4005 where it reads as what it is, a value that is no model. */
  readonly code: string;
}

const ARRAY_STATE = (shape: string) =>
  `${global('joblib.numpy_pickle', 'NumpyArrayWrapper')})\x81}(${text('subclass')}${global('numpy', 'ndarray')}${text('shape')}${shape}` +
  `${text('order')}${text('C')}${text('dtype')}${global('numpy', 'dtype')}${text('f8')}\x89\x88\x87R${text('allow_mmap')}\x88ub`;

function joblibArray(shape: string, data: string): Buffer {
  return bytesOf(PROTO_2, ARRAY_STATE(shape), data, '.');
}

/** A Normalizer in a pipeline twice, that pipeline in the next twice, and so on. */
function doubled(levels: number): Buffer {
  const leaf = `${global('sklearn.preprocessing._data', 'Normalizer')})\x81}(${text('norm')}${text('l2')}${text('n_features_in_')}K\x03ubq\x000`;
  const level = (i: number) =>
    `${global('sklearn.pipeline', 'Pipeline')})\x81}${text('steps')}](${text('a')}h${le(i, 1)}\x86${text('b')}h${le(i, 1)}\x86esbq${le(i + 1, 1)}0`;
  return bytesOf(PROTO_2, leaf, ...Array.from({ length: levels }, (_, i) => level(i)), `h${le(levels, 1)}.`);
}

function repeat(part: string, n: number): string {
  return part.repeat(n);
}

export const BOMBS: readonly Bomb[] = [
  {
    name: 'a tuple of itself twice, 60 times',
    why: '2^60 values when they are copied (candle#3620)',
    file: () =>
      bytesOf(
        PROTO_4,
        ']\x94',
        ...Array.from({ length: 60 }, (_, i) => `h${le(i, 1)}h${le(i, 1)}\x86\x94`),
        repeat('0', 60),
        '.',
      ),
    code: 'LL4005',
  },
  {
    name: 'a list of nine of itself, 9 times',
    why: 'billion laughs by DUP (fickling#111)',
    file: () => bytesOf(PROTO_4, repeat('(', 9), text('lol'), repeat(`${repeat('2', 9)}l`, 9), '.'),
    code: 'LL4005',
  },
  {
    name: 'LONG_BINPUT 2^32−1',
    why: 'a memo as an array of 32 GB (CVE-2018-20406)',
    file: () => bytesOf(PROTO_2, ']r\xff\xff\xff\xff.'),
    code: 'LL4005',
  },
  {
    name: 'PUT 10^20',
    why: 'the same by text (CPython gh-115952)',
    file: () => bytesOf(']p99999999999999999999\n.'),
    code: 'LL3003',
  },
  { name: 'PUT −1', why: 'an index before the memo', file: () => bytesOf(']p-1\n.'), code: 'LL3003' },
  {
    name: 'a tuple in a tuple, 2·10^5 deep',
    why: 'a stack overflow',
    file: () => bytesOf(PROTO_2, 'N', repeat('\x85', 2e5), '.'),
    code: 'LL4005',
  },
  {
    name: 'a list in a list, 10^6 deep',
    why: 'a stack overflow',
    file: () => bytesOf(repeat('(', 1e6), repeat('l', 1e6), '.'),
    code: 'LL3004',
  },
  {
    name: 'an estimator in an estimator, 10^5 deep',
    why: 'a stack overflow when it is built',
    file: () => {
      const pipeline = global('sklearn.model_selection._search', 'GridSearchCV');
      const open = `)\x81}${text('best_estimator_')}`;
      return bytesOf(
        PROTO_2,
        pipeline,
        'q\x00',
        open,
        repeat(`h\x00${open}`, 99_999),
        'N',
        repeat('sb', 100_000),
        '.',
      );
    },
    code: 'LL3004',
  },
  {
    name: 'LONG4 of −1 bytes',
    why: 'a length below zero',
    file: () => bytesOf(PROTO_2, '\x8b\xff\xff\xff\xff.'),
    code: 'LL3003',
  },
  {
    name: 'LONG4 of 2 GB',
    why: 'memory by a header',
    file: () => bytesOf(PROTO_2, '\x8b\xff\xff\xff\x7f\x01.'),
    code: 'LL3004',
  },
  {
    name: 'LONG1 of 255 bytes',
    why: 'honest, if long',
    file: () => bytesOf(PROTO_2, `\x8a\xff${repeat('\x7f', 255)}.`),
    code: 'LL4005',
  },
  {
    name: 'an integer of 10^6 digits',
    why: 'quadratic time',
    file: () => bytesOf(`I${repeat('9', 1e6)}\n.`),
    code: 'LL3003',
  },
  {
    name: 'an integer of 10^6 bytes',
    why: 'quadratic time',
    file: () => bytesOf(PROTO_2, `\x8b${le(1e6, 4)}${repeat('\x7f', 1e6)}.`),
    code: 'LL3004',
  },
  {
    name: 'BINBYTES8 of 2^63',
    why: 'memory by a header',
    file: () => bytesOf(PROTO_4, `\x8e${le(2n ** 63n, 8)}a.`),
    code: 'LL3002',
  },
  {
    name: 'BINUNICODE8 of 2^53+1',
    why: 'a length beyond exact numbers',
    file: () => bytesOf(PROTO_4, `\x8d${le(2n ** 53n + 1n, 8)}a.`),
    code: 'LL3002',
  },
  {
    name: 'BYTEARRAY8 of 16 TB',
    why: 'memory by a header',
    file: () => bytesOf('\x80\x05', `\x96${le(2n ** 44n, 8)}.`),
    code: 'LL3002',
  },
  {
    name: 'a frame of 2^62',
    why: 'memory by a header',
    file: () => bytesOf(PROTO_4, `\x95${le(2n ** 62n, 8)}N.`),
    code: 'LL3002',
  },
  {
    name: 'a string over the end of its frame',
    why: 'readers disagree',
    file: () => bytesOf(PROTO_4, `\x95${le(3, 8)}\x8c\x05hello.`),
    code: 'LL3003',
  },
  {
    name: 'a frame in a frame',
    why: 'readers disagree',
    file: () => bytesOf(PROTO_4, `\x95${le(20, 8)}\x95${le(2, 8)}N.${repeat('\0', 9)}`),
    code: 'LL3003',
  },
  {
    name: 'EXT1',
    why: 'a registry outside of the file',
    file: () => bytesOf(PROTO_2, '\x82\x01.'),
    code: 'LL3003',
  },
  {
    name: 'EXT2',
    why: 'a registry outside of the file',
    file: () => bytesOf(PROTO_2, '\x83\x01\x02.'),
    code: 'LL3003',
  },
  {
    name: 'EXT4',
    why: 'a registry outside of the file',
    file: () => bytesOf(PROTO_2, '\x84\x01\x02\x03\x04.'),
    code: 'LL3003',
  },
  {
    name: 'EXT4 of −1',
    why: 'a registry outside of the file',
    file: () => bytesOf(PROTO_2, '\x84\xff\xff\xff\xff.'),
    code: 'LL3003',
  },
  {
    name: 'NEXT_BUFFER',
    why: 'a buffer outside of the file',
    file: () => bytesOf('\x80\x05\x97.'),
    code: 'LL3003',
  },
  {
    name: 'READONLY_BUFFER',
    why: 'a buffer outside of the file',
    file: () => bytesOf('\x80\x05C\x01a\x98.'),
    code: 'LL3003',
  },
  { name: 'PERSID', why: 'an object outside of the file', file: () => bytesOf('Pfoo\n.'), code: 'LL3003' },
  {
    name: 'BINPERSID',
    why: 'an object outside of the file',
    file: () => bytesOf(PROTO_2, 'K\x01Q.'),
    code: 'LL3003',
  },
  { name: 'protocol 6', why: 'a format of the future', file: () => bytesOf('\x80\x06N.'), code: 'LL3003' },
  { name: 'PROTO twice', why: 'odd, harmless', file: () => bytesOf('\x80\x02\x80\x04N.'), code: 'LL4005' },
  { name: 'no STOP', why: 'cut off', file: () => bytesOf('\x80\x04N'), code: 'LL3002' },
  { name: 'an empty file', why: 'a failed save', file: () => bytesOf(''), code: 'LL3001' },
  { name: 'STOP alone', why: 'nothing to return', file: () => bytesOf('.'), code: 'LL3003' },
  { name: 'STOP with two values', why: 'readers disagree', file: () => bytesOf('NN.'), code: 'LL3003' },
  { name: 'STOP with a mark', why: 'readers disagree', file: () => bytesOf('(.'), code: 'LL3003' },
  { name: 'POP_MARK without a mark', why: 'underflow', file: () => bytesOf('1.'), code: 'LL3003' },
  { name: 'POP of nothing', why: 'underflow', file: () => bytesOf('0.'), code: 'LL3003' },
  {
    name: 'a memo that was never set',
    why: 'a value out of nowhere',
    file: () => bytesOf(PROTO_2, 'h\x05.'),
    code: 'LL3003',
  },
  {
    name: 'a memo set twice',
    why: 'odd, harmless',
    file: () => bytesOf(PROTO_2, ']q\x000K\x01q\x000h\x00.'),
    code: 'LL4005',
  },
  {
    name: 'MEMOIZE behind a far PUT',
    why: 'readers disagree on the number',
    file: () => bytesOf(PROTO_4, 'Nq\x050\x88\x940h\x01.'),
    code: 'LL4005',
  },
  {
    name: 'the key __proto__',
    why: 'prototype pollution (pickleparser)',
    file: () => bytesOf(PROTO_2, `}${text('__proto__')}}${text('admin')}K\x01ss.`),
    code: 'LL4005',
  },
  {
    name: 'the key constructor',
    why: 'prototype pollution',
    file: () => bytesOf(PROTO_2, `}${text('constructor')}K\x01s.`),
    code: 'LL4005',
  },
  {
    name: 'attributes __proto__ and toString of an estimator',
    why: 'prototype pollution',
    file: () =>
      bytesOf(
        PROTO_2,
        global('sklearn.linear_model._base', 'LinearRegression'),
        `)\x81}(${text('__proto__')}}${text('toString')}K\x01ub.`,
      ),
    code: 'LL4002',
  },
  {
    name: 'STACK_GLOBAL of numbers',
    why: 'type confusion',
    file: () => bytesOf(PROTO_4, 'K\x01K\x02\x93.'),
    code: 'LL3003',
  },
  {
    name: 'a list as a key',
    why: 'no hash in Python',
    file: () => bytesOf(PROTO_2, '}]K\x01s.'),
    code: 'LL3003',
  },
  {
    name: 'a deep tuple as a key, shared 2^40 times',
    why: 'a hash that never ends',
    file: () => bytesOf(PROTO_4, '}N', repeat('2\x86', 40), 'N2\x86s.').subarray(0),
    code: 'LL4005',
  },
  {
    name: 'a list that holds itself',
    why: 'a walk that never ends',
    file: () => bytesOf(PROTO_2, ']q\x00h\x00a.'),
    code: 'LL4005',
  },
  {
    name: 'an estimator that is its own part',
    why: 'building that never ends',
    file: () =>
      bytesOf(
        PROTO_2,
        global('sklearn.model_selection._search', 'GridSearchCV'),
        `)\x81q\x00}${text('best_estimator_')}h\x00sb.`,
      ),
    code: 'LL3004',
  },
  {
    name: 'a pipeline that is its own step',
    why: 'building that never ends',
    file: () =>
      bytesOf(
        PROTO_2,
        global('sklearn.pipeline', 'Pipeline'),
        `)\x81q\x00}${text('steps')}](${text('a')}h\x00tasb.`,
      ),
    code: 'LL3004',
  },
  {
    name: 'pipelines that double at every level, 40 levels',
    why: 'building that takes 2^40 steps',
    file: () => doubled(40),
    code: 'LL3004',
  },
  {
    name: 'pipelines that double at every level, 18 levels',
    why: 'an answer that takes 2^18 steps',
    file: () => doubled(18),
    code: 'LL3004',
  },
  {
    name: 'a lone surrogate',
    why: 'no UTF-8, but a Python string',
    file: () => bytesOf(PROTO_4, '\x8c\x03\xed\xa0\x80.'),
    code: 'LL4005',
  },
  {
    name: 'bytes that are no UTF-8',
    why: 'a damaged string',
    file: () => bytesOf(PROTO_4, '\x8c\x01\xff.'),
    code: 'LL3003',
  },
  { name: 'I0x10', why: 'readers disagree', file: () => bytesOf('I0x10\n.'), code: 'LL3003' },
  { name: 'I1_0', why: 'readers disagree', file: () => bytesOf('I1_0\n.'), code: 'LL3003' },
  { name: 'Fnan', why: 'honest', file: () => bytesOf('Fnan\n.'), code: 'LL4005' },
  {
    name: '10^6 values in one APPENDS',
    why: 'too many arguments of push',
    file: () => bytesOf(PROTO_2, `](${repeat('N', 1e6)}e.`),
    code: 'LL4005',
  },
  {
    name: '3·10^6 empty dicts',
    why: 'a hundred bytes of memory for each byte of the file',
    file: () => bytesOf(PROTO_2, ']', repeat(`(${repeat('}', 1000)}e`, 3000), '.'),
    code: 'LL3004',
  },
  {
    name: '10^6 records',
    why: 'two hundred bytes of memory for each byte of the file',
    file: () =>
      bytesOf(PROTO_2, global('foo', 'Bar'), 'q\x000]', repeat(`(${repeat('h\x00)\x81', 1000)}e`, 1000), '.'),
    code: 'LL3004',
  },
  {
    name: '10^5 names',
    why: 'an inventory without end',
    file: () => bytesOf(...Array.from({ length: 1e5 }, (_, i) => `ca\nb${i}\n0`), 'N.'),
    code: 'LL3004',
  },
  {
    name: '10^6 pickles behind the first',
    why: 'work without end',
    file: () => bytesOf(repeat('N.', 1e6)),
    code: 'LL4005',
  },
  {
    name: '2^40 elements and no data',
    why: '8 TB by a header (joblib-oom-poc)',
    file: () => joblibArray(`\x8a\x06${le(2n ** 40n, 6)}\x85`, ''),
    code: 'LL3002',
  },
  {
    name: 'a shape below zero',
    why: 'a size that wraps around',
    file: () => joblibArray('J\xfb\xff\xff\xff\x85', repeat('\0', 24)),
    code: 'LL3003',
  },
  {
    name: 'a shape whose product overflows',
    why: 'a size that wraps around',
    file: () => joblibArray(`\x8a\x08${le(2n ** 62n, 8)}K\x04\x86`, ''),
    code: 'LL3003',
  },
  {
    name: 'an empty array of 2^40 rows',
    why: 'a loop over nothing',
    file: () => joblibArray(`\x8a\x06${le(2n ** 40n, 6)}K\x00\x86`, ''),
    code: 'LL3003',
  },
  {
    name: 'padding of 255 bytes before an array',
    why: 'joblib writes 16 at most',
    file: () =>
      bytesOf(
        PROTO_2,
        ARRAY_STATE('K\x03\x85').replace(
          text('allow_mmap'),
          `${text('numpy_array_alignment_bytes')}K\x10${text('allow_mmap')}`,
        ),
        `\xff${repeat('\xff', 255)}${repeat('\0', 24)}.`,
      ),
    code: 'LL4005',
  },
  {
    name: 'zlib, 200 MB from 200 kB',
    why: 'a decompression bomb',
    file: () => deflateSync(Buffer.alloc(200_000_000), { level: 9 }),
    code: 'LL3004',
  },
  {
    name: 'gzip, 100 members of 2 MB',
    why: 'a decompression bomb in parts',
    file: () => {
      const member = gzipSync(Buffer.alloc(2_000_000), { level: 9 });
      return Buffer.concat(Array.from({ length: 100 }, () => member));
    },
    code: 'LL3004',
  },
  {
    name: 'gzip of two pickles',
    why: 'a second pickle that a scanner does not see',
    file: () => Buffer.concat([gzipSync('\x80\x02N.'.slice(1)), gzipSync('N.')]),
    code: 'LL3001',
  },
  {
    name: 'a z-file of negative size',
    why: 'memory by a header',
    file: () => Buffer.concat([Buffer.from(`ZF${'-0x10'.padEnd(19)}`), deflateSync('N.')]),
    code: 'LL3007',
  },
  {
    name: 'a z-file of 2 GB',
    why: 'memory by a header',
    file: () => Buffer.concat([Buffer.from(`ZF${'0x7fffffff'.padEnd(19)}`), deflateSync('N.')]),
    code: 'LL3007',
  },
  {
    name: 'xz of a dictionary of 4 GB',
    why: 'memory by a header',
    file: () => Buffer.from('/Td6WFoAAATm1rRGBMAAACEBKAAAAAAA', 'base64'),
    code: 'LL3007',
  },
  {
    name: 'lzma of 2^62 bytes',
    why: 'memory by a header',
    file: () => bytesOf('\x5d\0\0\x80\0', le(2n ** 62n, 8), repeat('\0', 20)),
    code: 'LL3004',
  },
  {
    name: 'a pickle saved as UTF-8',
    why: 'destroyed on its way',
    file: () => bytesOf('\xef\xbf\xbd\x04\xef\xbf\xbd\x00'),
    code: 'LL3001',
  },
  {
    name: 'a pickle copied in text mode',
    why: 'destroyed on its way',
    file: () => bytesOf('\x80\x04cfoo\r\nbar\r\nI1\r\n.'),
    code: 'LL3002',
  },
  {
    name: 'a git-lfs pointer',
    why: 'not the model',
    file: () =>
      Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${repeat('0', 64)}\nsize 123\n`),
    code: 'LL3001',
  },
  {
    name: 'a web page',
    why: 'not the model',
    file: () => Buffer.from('<!DOCTYPE html><html>404</html>'),
    code: 'LL3001',
  },
  {
    name: 'arrays in files beside it',
    why: 'a path out of a stream (joblib-ndarray-poc)',
    file: () =>
      bytesOf(
        PROTO_2,
        global('joblib.numpy_pickle', 'NDArrayWrapper'),
        `)\x81}${text('filename')}${text('../../etc/passwd')}sb.`,
      ),
    code: 'LL3005',
  },
];
