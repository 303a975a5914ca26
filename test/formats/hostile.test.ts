/** Skops files and zip archives of somebody who means harm: each is refused by a code, and what it names is known. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoadlineError } from '../../src/errors.ts';
import { buildModel, readModelFile } from '../../src/formats/model-file.ts';
import type { Node } from './forge.ts';
import {
  array,
  dict,
  json,
  LINE_FILES,
  line,
  list,
  node,
  npyOf,
  object,
  skopsOf,
  tuple,
  zipOf,
} from './forge.ts';

function codeOf(file: Uint8Array): string {
  try {
    const model = buildModel(readModelFile('model.skops', file));
    return `a ${model.fitted.name}`;
  } catch (error) {
    if (error instanceof LoadlineError) {
      return error.code;
    }
    throw error;
  }
}

const GOOD = skopsOf(line(), LINE_FILES);

/** The good file with the bytes at the first or last place of `from` replaced. */
function patched(from: string, to: string, last = false): Buffer {
  const file = Buffer.from(GOOD);
  const at = last ? file.lastIndexOf(from, undefined, 'latin1') : file.indexOf(from, 0, 'latin1');
  assert.ok(at >= 0, from);
  file.write(to, at, 'latin1');
  return file;
}

/** The good file with a field of the directory's first entry, or of the end record, overwritten. */
function withField(record: 'central' | 'local' | 'end', offset: number, ...bytes: number[]): Buffer {
  const file = Buffer.from(GOOD);
  const magic = { central: 'PK\x01\x02', local: 'PK\x03\x04', end: 'PK\x05\x06' }[record];
  const at = file.indexOf(magic, 0, 'latin1') + offset;
  file.set(bytes, at);
  return file;
}

it('the file that the rows below change is good', () => {
  assert.equal(codeOf(GOOD), 'a LinearRegression');
});

describe('zip archives', () => {
  const bomb = zipOf({ 'schema.json': '{}', 'zeros.npy': new Uint8Array(64 * 2 ** 20) }, 9);
  const nested = zipOf(
    {
      'format.npy': npyOf("{'descr': '|S3', 'fortran_order': False, 'shape': (), }", Buffer.from('csr')),
      'shape.npy': npyOf("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }", new Uint8Array(8)),
      'zeros.npy': new Uint8Array(20 * 2 ** 20),
    },
    9,
  );
  const rows: readonly (readonly [name: string, file: Uint8Array, code: string])[] = [
    ['cut off behind its entries', GOOD.subarray(0, GOOD.indexOf('PK\x01\x02', 0, 'latin1')), 'LL3002'],
    ['cut off in its directory', GOOD.subarray(0, GOOD.length - 30), 'LL3002'],
    ['cut off in its end', GOOD.subarray(0, GOOD.length - 1), 'LL3002'],
    ['nothing but a beginning', Buffer.from('PK\x03\x04', 'latin1'), 'LL3002'],
    ['something behind its end', Buffer.concat([GOOD, Buffer.from('x')]), 'LL3003'],
    ['a comment that hides another end', withField('end', 20, 4, 0), 'LL3003'],
    ['more entries than it has', withField('end', 8, 9, 0, 9, 0), 'LL3003'],
    ['fewer entries than it has', withField('end', 8, 1, 0, 1, 0), 'LL3003'],
    ['a directory elsewhere', withField('end', 16, 1, 0, 0, 0), 'LL3003'],
    ['a part of several', withField('end', 4, 1, 0), 'LL3003'],
    ['zip64 by its count', withField('end', 8, 255, 255, 255, 255), 'LL3001'],
    ['zip64 by a size', withField('central', 24, 255, 255, 255, 255), 'LL3001'],
    ['encrypted', withField('central', 8, 1), 'LL3001'],
    ['an unknown compression', withField('central', 10, 14), 'LL3007'],
    ['a stored entry of two sizes', withField('central', 24, 1, 0, 0, 0), 'LL3003'],
    ['an entry where none begins', withField('central', 42, 3, 0, 0, 0), 'LL3003'],
    ['an entry behind the archive', withField('central', 42, 0, 0, 0, 127), 'LL3003'],
    ['a name that the entry itself does not have', patched('coef.npy', 'coff.npy'), 'LL3003'],
    ['a wrong checksum', patched('NUMPY', 'NUMPU'), 'LL3002'],
    ['a name with ..', zipOf({ 'schema.json': '{}', '../x': '' }), 'LL3003'],
    ['an absolute name', zipOf({ 'schema.json': '{}', '/etc/x': '' }), 'LL3003'],
    ['a name with a backslash', zipOf({ 'schema.json': '{}', '..\\x': '' }), 'LL3003'],
    ['a name with a NUL', zipOf({ 'schema.json': '{}', 'x\0y': '' }), 'LL3003'],
    ['no schema', zipOf({ 'x.txt': 'x' }), 'LL3001'],
    ['arrays only', zipOf({ 'x.npy': 'x' }), 'LL3001'],
    ['a bomb', bomb, 'LL3004'],
    [
      'bombs in it that together go over what each may have',
      skopsOf(
        line({
          a: node('SparseMatrixNode', 'scipy.sparse._csr', 'csr_matrix', { type: 'scipy', file: 'a.npz' }),
          b: node('SparseMatrixNode', 'scipy.sparse._csr', 'csr_matrix', { type: 'scipy', file: 'b.npz' }),
        }),
        { ...LINE_FILES, 'a.npz': nested, 'b.npz': nested },
      ),
      'LL3004',
    ],
  ];
  for (const [name, file, code] of rows) {
    it(name, () => assert.equal(codeOf(file), code));
  }

  it('two entries of one name', () => {
    const file = zipOf({ 'schema.json': '{}', 'schema.jso2': '{}' });
    for (let at = file.indexOf('schema.jso2'); at >= 0; at = file.indexOf('schema.jso2')) {
      file.write('schema.json', at);
    }
    assert.equal(codeOf(file), 'LL3003');
  });

  it('two entries of one place', () => {
    const file = zipOf({ 'schema.json': '{}', 'schema.jso2': '{}' });
    const first = file.indexOf('PK\x01\x02', 0, 'latin1');
    const second = file.indexOf('PK\x01\x02', first + 1, 'latin1');
    file.writeUInt32LE(file.readUInt32LE(first + 42), second + 42);
    assert.equal(codeOf(file), 'LL3003');
  });

  it('a deflated entry that is more, or less, than it declares', () => {
    for (const delta of [-1, 1]) {
      const file = zipOf({ 'schema.json': ' '.repeat(500) }, 9);
      const central = file.indexOf('PK\x01\x02', 0, 'latin1');
      file.writeUInt32LE(500 + delta, central + 24);
      assert.equal(codeOf(file), 'LL3007');
    }
  });
});

/** A schema given as text. */
function schema(text: string): Buffer {
  return zipOf({ ...LINE_FILES, 'schema.json': text });
}

describe('schemas', () => {
  const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const matryoshka = (levels: number): Node => {
    let inner: Node = json(1);
    for (let level = 0; level < levels; level++) {
      inner = list(inner);
    }
    return inner;
  };
  const self = {
    ...line(),
    __id__: 7,
    content: { ...dict({ coef_: json(1) }), content: { coef_: { __id__: 7 } } },
  };
  /** A list's items: a node once, and then its id alone. */
  const again = (count: number, id: number, content: readonly Node[]): Node[] => [
    { ...(content.length === 0 ? json(1) : list(...content)), __id__: id },
    ...Array.from({ length: count - 1 }, () => ({ __id__: id })),
  ];
  const npy = (header: string) => npyOf(header, new Uint8Array(8));
  const coef = (file: Uint8Array) => skopsOf(line(), { 'coef.npy': file });
  const rows: readonly (readonly [name: string, file: Uint8Array, code: string])[] = [
    ['no JSON', schema('nothing'), 'LL3003'],
    ['empty', schema(''), 'LL3003'],
    ['cut off', schema('{"a": '), 'LL3003'],
    ['something behind it', schema('{} {}'), 'LL3003'],
    ['a key twice', schema('{"__loader__": 1, "__loader__": 2, "protocol": 2}'), 'LL3003'],
    ['a list for a root', schema('[]'), 'LL3003'],
    ['lists without end', schema(deep('[', ']', 200_000)), 'LL3003'],
    ['objects without end', schema(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`), 'LL3003'],
    ['more objects than a text of its length has', schema(`[${'[],'.repeat(400_000)}[]]`), 'LL3004'],
    ['more values than a text of its length has', schema(`[${'1,'.repeat(600_000)}1]`), 'LL3004'],
    ['an integer of a million digits', schema(`{"protocol": ${'9'.repeat(1_000_000)}}`), 'LL3003'],
    ['no protocol', schema(JSON.stringify(line())), 'LL3003'],
    ['a protocol of text', skopsOf(line(), LINE_FILES, '2'), 'LL3003'],
    ['a protocol of True', skopsOf(line(), LINE_FILES, true), 'LL3003'],
    ['a protocol to come', skopsOf(line(), LINE_FILES, 3), 'LL3001'],
    ['an unknown kind of node', skopsOf(node('EvilNode', 'builtins', 'list', { content: [] })), 'LL3003'],
    ['a kind of a prototype', skopsOf(node('toString', 'builtins', 'list', { content: [] })), 'LL3003'],
    ['no kind', skopsOf({ __class__: 'a', __module__: 'b' }), 'LL3003'],
    ['a class that is no text', skopsOf({ ...line(), __class__: 3 }, LINE_FILES), 'LL3003'],
    ['a node that is a number', skopsOf(list(3)), 'LL3003'],
    ['an id of text', skopsOf({ ...line(), __id__: 'x' }, LINE_FILES), 'LL3003'],
    ['a node within itself', skopsOf(self, LINE_FILES), 'LL3003'],
    [
      'a cached node of nothing',
      skopsOf({ __loader__: 'CachedNode', __id__: 3, __class__: null, __module__: null }),
      'LL3003',
    ],
    ['lists in lists, 400 deep', skopsOf(matryoshka(400)), 'LL4005'],
    ['lists in lists, deeper than Python reads', skopsOf(matryoshka(600)), 'LL3003'],
    ['no estimator', skopsOf(list(json(1))), 'LL4005'],
    [
      'fewer types than keys',
      skopsOf({ ...line(), content: { ...dict({}), content: { a: json(1) } } }),
      'LL3003',
    ],
    [
      'a key of an unknown type',
      skopsOf({
        ...line(),
        content: node('DictNode', 'builtins', 'dict', {
          content: { a: json(1) },
          key_types: list(node('TypeNode', 'builtins', 'bytes')),
        }),
      }),
      'LL3003',
    ],
    [
      'a key that is no integer',
      skopsOf({
        ...line(),
        content: node('DictNode', 'builtins', 'dict', {
          content: { a: json(1) },
          key_types: list(node('TypeNode', 'builtins', 'int')),
        }),
      }),
      'LL3003',
    ],
    ['a value that is no JSON', skopsOf(line({ x: { ...json(1), content: '{' } }), LINE_FILES), 'LL3003'],
    ['a value that is a list', skopsOf(line({ x: { ...json(1), content: '[1]' } }), LINE_FILES), 'LL3003'],
    ['a missing file', skopsOf(line()), 'LL3003'],
    ['a file of objects', coef(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")), 'LL3003'],
    [
      'a shape beyond the file',
      coef(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999,), }")),
      'LL3003',
    ],
    [
      'a shape that overflows to nothing',
      coef(
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4503599627370496, 4503599627370496, 0), }"),
      ),
      'LL3003',
    ],
    ['a header that is code', coef(npy("__import__('os').system('x')")), 'LL3003'],
    ['a header without end', coef(npy(deep('(', ')', 50))), 'LL3003'],
    [
      'a struct of overlapping names',
      coef(npy("{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (1,), }")),
      'LL3003',
    ],
    ['an array that is none', coef(Buffer.from('x')), 'LL3003'],
    [
      'an array of an unknown kind',
      skopsOf(line({ coef_: { ...array('coef.npy'), type: 'pickle' } }), LINE_FILES),
      'LL3003',
    ],
    [
      'objects that are not as many as their shape',
      skopsOf(
        line({
          x: node('NdArrayNode', 'numpy', 'ndarray', {
            type: 'json',
            content: [json(1)],
            shape: tuple(json(5)),
          }),
        }),
        LINE_FILES,
      ),
      'LL3003',
    ],
    [
      'objects of a shape beyond memory',
      skopsOf(
        line({
          x: node('NdArrayNode', 'numpy', 'ndarray', {
            type: 'json',
            content: [],
            shape: tuple(json(0), json(2 ** 50)),
          }),
        }),
        LINE_FILES,
      ),
      'LL3003',
    ],
    [
      'objects of one list named again and again',
      // 300 · 300 · 300 elements in a schema of 10 kB.
      skopsOf(
        line({
          x: node('NdArrayNode', 'numpy', 'ndarray', {
            type: 'json',
            content: again(300, 3, again(300, 2, again(300, 1, []))),
            shape: tuple(json(300), json(300), json(300)),
          }),
        }),
        LINE_FILES,
      ),
      'LL3004',
    ],
    [
      'a sparse matrix that is no zip',
      skopsOf(
        line({
          x: node('SparseMatrixNode', 'scipy.sparse._csr', 'csr_matrix', { type: 'scipy', file: 'coef.npy' }),
        }),
        LINE_FILES,
      ),
      'LL3002',
    ],
    [
      'a call without arguments',
      skopsOf(node('ConstructorFromReduceNode', 'datetime', 'timezone', { content: json(1) })),
      'LL3003',
    ],
    [
      'more names than any model has',
      skopsOf(list(...Array.from({ length: 10_001 }, (_, i) => node('TypeNode', 'a', `b${i}`)))),
      'LL3004',
    ],
  ];
  for (const [name, file, code] of rows) {
    it(name, () => assert.equal(codeOf(file), code));
  }

  it('of two nodes with one id the first counts, as Python reads it', () => {
    const first = { ...json(5), __id__: 9 };
    const second = { ...json(6), __id__: 9 };
    const file = skopsOf(line({ intercept_: first, again: second }), LINE_FILES);
    const model = buildModel(readModelFile('m', file));
    const found = model.fitted.predict?.({ kind: 'dense', nRows: 1, nCols: 1, data: Float64Array.of(1) });
    assert.deepEqual(found?.kind === 'numbers' && [...found.data], [7]);
  });

  it('keys that look like numbers stay with their types', () => {
    // JSON.parse would put "2" before "10" and pair the types wrongly.
    const mixed = `{"__class__":"dict","__module__":"builtins","__loader__":"DictNode",
      "key_types":${JSON.stringify(list(node('TypeNode', 'builtins', 'str'), node('TypeNode', 'builtins', 'int')))},
      "content":{"b":${JSON.stringify(json('B'))},"10":${JSON.stringify(json('ten'))}},"protocol":2}`;
    const { root } = readModelFile('m', zipOf({ 'schema.json': mixed })).contents;
    assert.deepEqual(root, {
      kind: 'dict',
      entries: [
        ['b', 'B'],
        [10, 'ten'],
      ],
    });
  });
});

describe('what a schema names', () => {
  const call = (content: unknown, module = 'os', name = 'system') =>
    node('ConstructorFromReduceNode', module, name, { content });
  const rows: readonly (readonly [name: string, node: unknown, danger: RegExp])[] = [
    ['a function', node('FunctionNode', 'os', 'system'), /os\.system/],
    [
      'a function of protocol 0',
      node('FunctionNode', 'x', 'y', { content: { module_path: 'os', function: 'system' } }),
      /os\.system/,
    ],
    ['a type', node('TypeNode', 'builtins', 'eval'), /builtins\.eval/],
    ['a constructor', call(tuple(json('touch x'))), /os\.system/],
    ['an instance', object('subprocess', 'Popen', {}), /subprocess\.Popen/],
    ['a list of a class', node('ListNode', 'os', 'system', { content: [] }), /os\.system/],
    ['a tuple of a class', node('TupleNode', 'os', 'system', { content: [] }), /os\.system/],
    ['a dict of a class', { ...dict({}), __module__: 'shelve', __class__: 'Shelf' }, /shelve\.Shelf/],
    [
      'an array of a class',
      { ...array('coef.npy'), __module__: 'numpy', __class__: 'memmap' },
      /numpy\.memmap/,
    ],
    [
      'attrgetter',
      node('OperatorFuncNode', 'operator', 'attrgetter', { attrs: tuple(json('x')) }),
      /operator\.attrgetter/,
    ],
    [
      'methodcaller',
      node('OperatorFuncNode', 'operator', 'methodcaller', { attrs: tuple(json('x')) }),
      /operator\.methodcaller/,
    ],
    [
      'an operator of another module',
      node('OperatorFuncNode', 'os', 'system', { attrs: tuple(json('x')) }),
      /os\.system/,
    ],
    [
      'a method',
      node('MethodNode', 'sklearn.linear_model._base', 'LinearRegression', {
        content: { func: '__reduce__', obj: line() },
      }),
      /LinearRegression\.__reduce__/,
    ],
    [
      'a partial',
      node('PartialNode', 'functools', 'partial', {
        content: {
          func: node('FunctionNode', 'os', 'system'),
          args: tuple(),
          kwds: dict({}),
          namespace: json(null),
        },
      }),
      /os\.system/,
    ],
    [
      'a loss',
      node('LossNode', 'os', 'system', { __reduce__: { args: tuple() }, content: dict({}) }),
      /os\.system/,
    ],
    [
      'a tree that says it is another class',
      node('TreeNode', 'os', 'system', { __reduce__: { args: tuple() }, content: dict({}) }),
      /os\.system/,
    ],
    [
      'a default factory',
      node('DefaultDictNode', 'collections', 'defaultdict', {
        content: { main: dict({}), default_factory: node('TypeNode', 'builtins', 'exec') },
      }),
      /builtins\.exec/,
    ],
    [
      'a type of keys',
      { ...dict({}), key_types: list(node('TypeNode', 'os', 'system')), content: { a: json(1) } },
      /os\.system/,
    ],
    [
      'a distribution whose state is code',
      object('scipy.stats._continuous_distns', 'norm_gen', { _parse_arg_template: json('import os') }),
      /would run as code/,
    ],
    [
      'a node that a repeated id hides',
      list({ ...json(1), __id__: 5 }, { ...node('FunctionNode', 'os', 'system'), __id__: 5 }),
      /os\.system/,
    ],
    [
      'a node where none is read',
      { ...json(1), extra: { deep: [node('FunctionNode', 'os', 'system')] } },
      /os\.system/,
    ],
    [
      'a file that is broken further on',
      list(node('FunctionNode', 'os', 'system'), { broken: true }),
      /os\.system/,
    ],
  ];
  for (const [name, value, danger] of rows) {
    it(name, () => {
      const file = skopsOf(line({ x: value }), LINE_FILES);
      const read = readModelFile('model.skops', file);
      assert.equal(read.audit.verdict, 'dangerous');
      assert.ok(
        read.audit.dangers.some(({ what }) => danger.test(what)),
        JSON.stringify(read.audit.dangers),
      );
      assert.throws(
        () => buildModel(read),
        (error) => error instanceof LoadlineError && error.code === 'LL3005' && error.exit === 5,
      );
    });
  }

  it("a bit generator that is none is not known data, numpy's own are", () => {
    const generator = (name: string) =>
      node('RandomGeneratorNode', 'numpy.random._generator', 'Generator', {
        content: { bit_generator: dict({ bit_generator: json(name) }), seed_seq: dict({}) },
      });
    const verdict = (name: string) =>
      readModelFile('m', skopsOf(line({ x: generator(name) }), LINE_FILES)).audit.verdict;
    assert.equal(verdict('PCG64'), 'known estimator');
    assert.equal(verdict('set_bit_generator'), 'unknown');
  });

  it('a class that nobody knows is refused only where its value is needed', () => {
    const unknown = object('mine', 'Thing', { a: json(1) });
    assert.equal(codeOf(skopsOf(line({ extra: unknown }), LINE_FILES)), 'a LinearRegression');
    assert.equal(codeOf(skopsOf(line({ coef_: unknown }), LINE_FILES)), 'LL3006');
  });
});
