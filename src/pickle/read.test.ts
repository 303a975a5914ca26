import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Limits } from '../bytes/limits.ts';
import type { ErrorCode } from '../errors.ts';
import { asNdArray } from './decode.ts';
import { describeOrigin } from './origin.ts';
import { readPickle, scanPickle } from './read.ts';

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function fixture(file: string, name: string): Buffer {
  const { cases } = JSON.parse(readFileSync(new URL(`./fixtures/${file}.json`, import.meta.url), 'utf8')) as {
    cases: { name: string; pickle: string }[];
  };
  const found = cases.find((row) => row.name === name);
  assert.ok(found, name);
  return Buffer.from(found.pickle, 'base64');
}

describe('what breaks the format', () => {
  const rows: readonly (readonly [name: string, stream: string, code: ErrorCode, message: RegExp])[] = [
    ['no opcode at all', '\xfa', 'LL3001', /no pickle/],
    ['an unknown opcode later', 'N\xfa', 'LL3003', /0xfa at byte 1 is no opcode/],
    ['a protocol of the future', '\x80\x06N.', 'LL3003', /protocol 6/],
    ['no STOP', '\x80\x04N', 'LL3002', /without STOP/],
    ['STOP of nothing', '.', 'LL3003', /STOP at byte 0 takes from an empty stack/],
    ['STOP with more on the stack', 'NN.', 'LL3003', /leaves 1 values/],
    ['STOP with an open mark', 'N(.', 'LL3003', /STOP/],
    ['an argument that is cut off', 'J\x01\x00', 'LL3002', /BININT at byte 0 needs 4 more bytes, found 2/],
    ['a string that is cut off', 'X\x05\0\0\0ab', 'LL3002', /needs 5 more bytes, found 2/],
    ['a line without an end', 'I12', 'LL3002', /no end of line/],
    ['a list of nothing', 'a.', 'LL3003', /APPEND/],
    ['an item for a number', 'K\x01K\x02a.', 'LL3003', /no list/],
    ['an item for a tuple', ')K\x02a.', 'LL3003', /no list/],
    ['a key for a list', ']K\x01K\x02s.', 'LL3003', /no dict/],
    ['a key without a value', '(K\x01d.', 'LL3003', /without a value/],
    ['a list as a key', '}]K\x01s.', 'LL3003', /uses a list as a key/],
    ['a dict in a set', '\x8f(}\x90.', 'LL3003', /uses a dict as a key/],
    ['items for a frozen set', '(\x91(N\x90.', 'LL3003', /no set/],
    ['no mark for a tuple', 'Nt.', 'LL3003', /no mark/],
    ['a value from below the mark', 'N(\x85.', 'LL3003', /empty stack/],
    ['a memo that was not set', 'h\x05.', 'LL3003', /memo 5/],
    ['a memo index below zero', ']p-1\n.', 'LL3003', /memo index -1/],
    ['a memo index beyond numbers', ']p99999999999999999999\n.', 'LL3003', /memo index/],
    ['a call of a number', 'K\x01)R.', 'LL3003', /no function/],
    ['arguments that are a list', 'cfoo\nbar\n]R.', 'LL3003', /no tuple/],
    ['keyword arguments that are a list', 'cfoo\nbar\n)]\x92.', 'LL3003', /no dict/],
    ['a state for a number', 'K\x01}b.', 'LL3003', /no instance/],
    ['a state for a class', 'cfoo\nbar\n}b.', 'LL3003', /no instance/],
    ['a state twice', 'cfoo\nbar\n)\x81}b}b.', 'LL3003', /second time/],
    ['a name that is a number', 'K\x01K\x02\x93.', 'LL3003', /no text/],
    ['a class from nothing', '(o.', 'LL3003', /no class/],
    ['a persistent id', 'P1\n.', 'LL3003', /outside of the file/],
    ['a persistent id on the stack', 'K\x01Q.', 'LL3003', /outside of the file/],
    ['an extension code', '\x82\x01.', 'LL3003', /extension registry/],
    ['a buffer from outside', '\x97.', 'LL3003', /buffer outside/],
    ['a read-only buffer', 'C\x01a\x98.', 'LL3003', /buffer outside/],
    ['an integer of negative length', '\x8b\xff\xff\xff\xff.', 'LL3003', /length of -1/],
    ['a string of negative length', 'T\xff\xff\xff\xff.', 'LL3003', /length of -1/],
    ['a string that is not UTF-8', '\x8c\x01\xff.', 'LL3003', /not UTF-8/],
    ['a frame beyond the file', '\x80\x04\x95\0\0\0\0\0\0\0\x40N.', 'LL3002', /FRAME/],
    ['a frame in a frame', '\x95\x0b\0\0\0\0\0\0\0\x95\x02\0\0\0\0\0\0\0N.', 'LL3003', /inside of a frame/],
    [
      'an opcode over the end of a frame',
      '\x95\x03\0\0\0\0\0\0\0\x8c\x05hello.',
      'LL3003',
      /beyond its frame/,
    ],
    ['a file changed by text mode', 'I12\r\n.', 'LL3002', /text mode/],
    [
      'arrays in side files',
      'cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}b.',
      'LL3001',
      /files of their own/,
    ],
  ];
  for (const [name, stream, code, message] of rows) {
    it(name, () => {
      assert.throws(() => readPickle(latin1(stream)), { code, message });
    });
  }
});

describe('limits', () => {
  const rows: readonly (readonly [limit: keyof Limits, value: number, within: string, beyond: string])[] = [
    ['opcodes', 4, 'N2\x86.', 'N22\x87.'],
    ['stackItems', 3, '(NNNt.', '(NNNNNt.'],
    ['markDepth', 2, '((ll.', '(((lll.'],
    ['memoEntries', 2, ']q\x00q\x01q\x01.', ']q\x00q\x01q\x02.'],
    ['stringBytes', 3, 'X\x03\0\0\0abc.', 'X\x04\0\0\0abcd.'],
    ['stringBytes', 3, 'I12\n.', 'I1234\n.'],
    ['intBytes', 2, '\x8b\x02\0\0\0ab.', '\x8b\x03\0\0\0abc.'],
  ];
  for (const [limit, value, within, beyond] of rows) {
    it(`${limit}: ${JSON.stringify(beyond)}`, () => {
      readPickle(latin1(within), { [limit]: value });
      assert.throws(() => readPickle(latin1(beyond), { [limit]: value }), {
        code: 'LL3004',
        message: new RegExp(limit),
      });
    });
  }

  it('objects by the size of the file', () => {
    const limits = { freeObjects: 0, objectsPerByte: 1 / 4 };
    readPickle(latin1(']0}0N0N.'), limits);
    assert.throws(() => readPickle(latin1(']0}0(l0).'), limits), {
      code: 'LL3004',
      message: /objectsPerByte/,
    });
  });

  it('counts nested pickles against the same allowance', () => {
    const bytes = fixture('named', 'object array joblib');
    const { opcodes } = readPickle(bytes);
    readPickle(bytes, { opcodes });
    assert.throws(() => readPickle(bytes, { opcodes: opcodes - 1 }), { code: 'LL3004' });
  });
});

describe('sizes of arrays', () => {
  // joblib.dump(numpy.arange(24.0).reshape(2, 3, 4)), its shape (2, 3, 4) replaced.
  const honest = fixture('arrays', 'cube C joblib').toString('latin1');
  const shape = 'K\x02K\x03K\x04\x87';
  const forged = (tuple: string) => latin1(honest.replace(shape, () => tuple).replace(/\x95[\s\S]{8}/g, ''));

  it('reads the shape that fits', () => {
    assert.deepEqual(asNdArray(readPickle(forged(shape)).root)?.shape, [2, 3, 4]);
  });

  const rows: readonly (readonly [name: string, tuple: string, code: ErrorCode])[] = [
    ['more than there is', 'K\x02K\x03K\x05\x87', 'LL3002'],
    ['2^40 elements', '\x8a\x06\0\0\0\0\0\x01\x85', 'LL3002'],
    ['beyond safe integers', 'J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87', 'LL3003'],
    ['a product that wraps around to little', '\x8a\x09\0\0\0\0\0\0\0\0\x01K\x00\x86', 'LL3003'],
    ['below zero', 'J\xfb\xff\xff\xff\x85', 'LL3003'],
    ['a fraction', 'G\x3f\xf8\0\0\0\0\0\0\x85', 'LL3003'],
    ['text', 'U\x01a\x85', 'LL3003'],
    ['empty, of endless rows', '\x8a\x06\0\0\0\0\0\x01K\x00\x86', 'LL3003'],
    ['65 dimensions', `(${'K\x01'.repeat(65)}t`, 'LL3003'],
  ];
  for (const [name, tuple, code] of rows) {
    it(name, () => {
      assert.throws(() => readPickle(forged(tuple)), { code });
    });
  }

  it('refuses elements of no bytes', () => {
    // _reconstruct(ndarray, (0,), b'b') with the state (1, (3,), dtype('S0'), False, b'')
    const stream = `\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x03\x85cnumpy\ndtype\nU\x02S0K\x00K\x01\x87R\x89U\x00tb.`;
    const { root } = readPickle(latin1(stream));
    assert.throws(() => asNdArray(root), { code: 'LL3003', message: /0 bytes/ });
  });

  it('refuses bytes that do not fill the shape', () => {
    const stream = (n: number) =>
      `\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R\x89U${String.fromCharCode(n)}${'x'.repeat(n)}tb.`;
    assert.deepEqual(asNdArray(readPickle(latin1(stream(2))).root)?.shape, [2]);
    assert.throws(() => asNdArray(readPickle(latin1(stream(1))).root), { code: 'LL3002' });
    assert.throws(() => asNdArray(readPickle(latin1(stream(3))).root), { code: 'LL3003' });
  });

  it('refuses fields outside of their element', () => {
    // dtype('V8') with names ('a',), fields {'a': (dtype('f8'), 4)}, element size 8
    const dtype = (at: number) =>
      `cnumpy\ndtype\nU\x02V8K\x00K\x01\x87R(K\x03U\x01|N(U\x01at}U\x01acnumpy\ndtype\nU\x02f8K\x00K\x01\x87RK${String.fromCharCode(at)}\x86sK\x08K\x01K\x00tb`;
    const stream = (at: number) =>
      `\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x01\x85${dtype(at)}\x89U\x08${'x'.repeat(8)}tb.`;
    assert.ok(asNdArray(readPickle(latin1(stream(0))).root));
    assert.throws(() => asNdArray(readPickle(latin1(stream(4))).root), {
      code: 'LL3003',
      message: /outside/,
    });
  });
});

describe('a scan', () => {
  it('tells the names, how often, where first, and how they are called', () => {
    const { globals } = readPickle(latin1('cfoo\nA\n)R0cfoo\nA\n(K\x01K\x02tR0cfoo\nB\n.'));
    assert.deepEqual(globals, [
      { module: 'foo', name: 'A', offset: 0, count: 2, called: true, arity: 2 },
      { module: 'foo', name: 'B', offset: 25, count: 1, called: false, arity: null },
    ]);
  });

  it('counts the bytes behind STOP and reads the names in them', () => {
    const pickle = readPickle(latin1('N.cfoo\nA\n.zzz'));
    assert.equal(pickle.trailingBytes, 11);
    assert.deepEqual(
      pickle.globals.map(({ name, offset }) => [name, offset]),
      [['A', 2]],
    );
  });

  it('keeps the names before damage, and finds those behind it', () => {
    const { failure, pickle } = scanPickle(
      latin1('cfoo\nA\n0\xfacfoo\nB\n\x8c\x03bar\x94\x8c\x01C\x94\x93.'),
    );
    assert.equal(failure?.code, 'LL3003');
    assert.deepEqual(
      pickle.globals.map(({ module, name, offset }) => [module, name, offset]),
      [
        ['foo', 'A', 0],
        ['foo', 'B', 9],
        ['bar', 'C', 26],
      ],
    );
  });

  it('takes the arguments of _ufunc_reconstruct for a name', () => {
    const { globals } = readPickle(latin1('cnumpy.core\n_ufunc_reconstruct\n(Vos\nVsystem\ntR.'));
    assert.deepEqual(
      globals.map(({ module, name }) => `${module}.${name}`),
      ['numpy.core._ufunc_reconstruct', 'os.system'],
    );
  });

  it('finds a call of a computed value', () => {
    assert.deepEqual(readPickle(latin1('cfoo\nA\n)R)R.')).findings, [
      { what: 'calls a value that is not a name', offset: 10 },
    ]);
  });

  it('reads many pickles behind each other in no time', () => {
    const started = performance.now();
    assert.equal(readPickle(Buffer.from('N.'.repeat(2_000_000))).trailingBytes, 3_999_998);
    assert.ok(performance.now() - started < 1000);
  });
});

describe('where a file comes from', () => {
  it('is read off names and protocol', () => {
    const origin = (file: string, name: string) => describeOrigin(readPickle(fixture(file, name)));
    assert.deepEqual(origin('arrays', 'cube C protocol 5'), { sklearn: null, numpy: '2', python: '3.8+' });
    assert.deepEqual(origin('values', '[1] protocol 4'), { sklearn: null, numpy: null, python: '3.4+' });
    assert.deepEqual(origin('values', '[1] protocol 3'), { sklearn: null, numpy: null, python: '3.0+' });
    assert.deepEqual(origin('values', '[1] protocol 2'), { sklearn: null, numpy: null, python: null });
  });

  it('finds the version of the outermost estimator, through lists and dicts, in cycles too', () => {
    // A dict that holds itself and [foo.Bar with state {'x': itself, '_sklearn_version': '1.7.2'}]
    const stream = latin1(
      '\x80\x02}q\x00(K\x01h\x00K\x02]cfoo\nBar\n)\x81q\x01}(U\x01xh\x01U\x10_sklearn_versionU\x051.7.2ubau.',
    );
    assert.equal(describeOrigin(readPickle(stream)).sklearn, '1.7.2');
  });
});
