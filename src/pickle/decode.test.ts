import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { unwrap } from '../bytes/container.ts';
import { structField, toFloat64, toInt32, toLabels } from '../tensor/convert.ts';
import type { NdArray } from '../tensor/ndarray.ts';
import { dtypeName } from '../tensor/ndarray.ts';
import {
  asNdArray,
  attributesOf,
  dictEntries,
  dictGet,
  globalName,
  partialOf,
  plain,
  sliceOf,
  stringIndex,
} from './decode.ts';
import type { Inert, PyObject, PyTuple } from './inert.ts';
import { qualifiedName } from './inert.ts';
import { readPickle } from './read.ts';
import { asCsr } from './sparse.ts';

// Every fixture is made by tools/pickle-cases/make_fixtures.py with CPython, numpy, scipy, pandas and joblib themselves.

interface Case {
  readonly name: string;
  /** Base64. */
  readonly pickle: string;
}

function cases<T extends Case>(file: string): readonly T[] {
  const text = readFileSync(new URL(`./fixtures/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: T[] }).cases;
}

function root({ pickle }: Case): Inert {
  const file = readPickle(unwrap(Buffer.from(pickle, 'base64')).bytes);
  assert.equal(file.trailingBytes, 0);
  return file.root;
}

function array(value: Inert): NdArray<Inert> {
  const found = asNdArray(value);
  assert.ok(found !== null, 'an array');
  return found;
}

/** A number, or what JSON has not: `{big: '…'}`, `{float: 'nan'}`. */
type Tagged = number | boolean | string | { readonly big?: string; readonly float?: string };

function untagged(value: Tagged): number | boolean | string | bigint {
  if (typeof value !== 'object') {
    return value;
  }
  return value.big === undefined ? Number(value.float?.replace('inf', 'Infinity')) : BigInt(value.big);
}

describe('numpy arrays', () => {
  for (const row of cases<Case & { dtype: string; shape: number[]; elements: Tagged[] | null }>('arrays')) {
    it(row.name, () => {
      const found = array(root(row));
      assert.deepEqual(found.shape, row.shape);
      if (row.elements === null) {
        assert.throws(() => toFloat64(found), { code: 'LL4003' });
        return;
      }
      const expected = row.elements.map(untagged);
      assert.deepEqual(toLabels(found), expected);
      if ('biuf'.includes(found.dtype.kind)) {
        assert.equal(dtypeName(found.dtype), row.dtype);
        assert.deepEqual([...toFloat64(found)], expected.map(Number));
      }
      if ('biu'.includes(found.dtype.kind)) {
        const fits = expected.every(
          (value) => Math.abs(Number(value)) <= 2 ** 31 - 1 || Number(value) === -(2 ** 31),
        );
        if (fits) {
          assert.deepEqual([...toInt32(found)], expected.map(Number));
        } else {
          assert.throws(() => toInt32(found), { code: 'LL4003' });
        }
      }
    });
  }
});

interface StructCase extends Case {
  readonly itemSize: number;
  readonly fields: Record<string, { shape: number[]; elements: Tagged[] }>;
}

describe('structured arrays', () => {
  for (const row of cases<StructCase>('structs')) {
    it(row.name, () => {
      const found = array(root(row));
      assert.equal(found.dtype.itemSize, row.itemSize);
      for (const [name, { shape, elements }] of Object.entries(row.fields)) {
        const field = structField(found, name);
        assert.deepEqual(field.shape, shape, name);
        assert.deepEqual(toLabels(field), elements.map(untagged), name);
      }
      assert.throws(() => structField(found, 'no such'), { code: 'LL4003' });
    });
  }

  it('reads a field of a field', () => {
    const row = cases('structs').find(({ name }) => name === 'nested F protocol 5');
    assert.ok(row);
    const inner = structField(array(root(row)), 'p');
    assert.deepEqual([...toFloat64(structField(inner, 'x'))], [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(
      [...toFloat64(structField(inner, 'y'))],
      [0, 1, 2, 3, 4, 5].map((i) => i / 7),
    );
  });
});

describe('numpy scalars', () => {
  for (const row of cases<Case & { value: Tagged | { bytes: string } }>('scalars')) {
    it(row.name, () => {
      const found = plain(root(row));
      if (typeof row.value === 'object' && 'bytes' in row.value) {
        assert.ok(found instanceof Uint8Array);
        assert.equal(Buffer.from(found).toString('base64'), row.value.bytes);
      } else {
        assert.deepEqual(found, untagged(row.value as Tagged));
      }
    });
  }
});

/** The tree in the tags of the fixtures. */
function tagged(value: Inert): unknown {
  const found = plain(value);
  if (found === null || typeof found === 'boolean' || typeof found === 'string') {
    return found;
  }
  if (typeof found === 'bigint') {
    return { big: String(found) };
  }
  if (typeof found === 'number') {
    if (Number.isFinite(found)) {
      return found;
    }
    return { float: Number.isNaN(found) ? 'nan' : found > 0 ? 'inf' : '-inf' };
  }
  if (found instanceof Uint8Array) {
    return { bytes: Buffer.from(found).toString('base64') };
  }
  switch (found.kind) {
    case 'tuple':
      return { tuple: found.items.map(tagged) };
    case 'list':
      return { list: found.items.map(tagged) };
    case 'set':
      return { set: found.items.map(tagged).sort(byText), frozen: found.frozen };
    case 'dict':
      return { dict: found.entries.map((entry) => entry.map(tagged)) };
    default:
      return found;
  }
}

function byText(a: unknown, b: unknown): number {
  return String(a) < String(b) ? 1 : -1;
}

describe('Python values', () => {
  for (const row of cases<Case & { value: unknown }>('values')) {
    it(row.name, () => {
      const expected = row.value as { set?: unknown[] } | null;
      if (typeof expected === 'object' && expected?.set !== undefined) {
        expected.set.sort(byText);
      }
      assert.deepEqual(tagged(root(row)), expected);
    });
  }

  it('keeps the sign of a float zero and has none for an integer', () => {
    assert.ok(Object.is(readPickle(Buffer.from('G\x80\0\0\0\0\0\0\0.', 'latin1')).root, -0));
    assert.ok(Object.is(readPickle(Buffer.from('I-0\n.')).root, 0));
  });
});

describe('scipy.sparse', () => {
  for (const row of cases<Case & { dense: number[][] }>('sparse')) {
    it(row.name, () => {
      const csr = asCsr(root(row));
      assert.ok(csr !== null);
      const dense = Array.from({ length: csr.nRows }, () => new Array<number>(csr.nCols).fill(0));
      for (let i = 0; i < csr.nRows; i++) {
        const columns = csr.indices.subarray(csr.indptr[i]!, csr.indptr[i + 1]!);
        assert.equal(new Set(columns).size, columns.length, 'no column twice');
        columns.forEach((column, k) => {
          dense[i]![column] = csr.data[csr.indptr[i]! + k]!;
        });
      }
      assert.deepEqual(dense, row.dense);
    });
  }

  it('is null for anything else', () => {
    assert.equal(asCsr({ kind: 'list', items: [] }), null);
    assert.equal(asCsr(named('partial', 5)), null);
  });
});

describe('pandas Index', () => {
  for (const row of cases<Case & { labels: unknown[] }>('indexes')) {
    it(row.name, () => {
      assert.deepEqual(stringIndex(root(row)), row.labels);
    });
  }
});

function named(name: string, protocol: number | 'joblib'): Inert {
  const full = protocol === 'joblib' ? `${name} joblib` : `${name} protocol ${protocol}`;
  const row = cases('named').find((candidate) => candidate.name === full);
  assert.ok(row, full);
  return root(row);
}

const PROTOCOLS = [0, 1, 2, 3, 4, 5, 'joblib'] as const;

describe('values that stay records', () => {
  const names: Record<string, string> = {
    datetime: 'datetime.datetime',
    date: 'datetime.date',
    time: 'datetime.time',
    timedelta: 'datetime.timedelta',
    utc: 'datetime.timezone',
    decimal: 'decimal.Decimal',
    fraction: 'fractions.Fraction',
    uuid: 'uuid.UUID',
    datetime64: 'numpy._core.multiarray.scalar',
    timedelta64: 'numpy._core.multiarray.scalar',
    deque: 'collections.deque',
    counter: 'collections.Counter',
    'random state': 'numpy.random._pickle.__randomstate_ctor',
    generator: 'numpy.random._pickle.__generator_ctor',
  };
  for (const [name, expected] of Object.entries(names)) {
    it(name, () => {
      for (const protocol of PROTOCOLS) {
        assert.equal(qualifiedName(plain(named(name, protocol))), expected);
      }
    });
  }
});

describe('helpers of estimators', () => {
  it('reads a slice', () => {
    for (const protocol of PROTOCOLS) {
      assert.deepEqual(sliceOf(named('slice', protocol)), { start: 1, stop: 'b', step: null });
    }
    assert.equal(sliceOf(null), null);
  });

  it('reads a partial', () => {
    for (const protocol of PROTOCOLS) {
      const partial = partialOf(named('partial', protocol));
      assert.ok(partial);
      assert.match(globalName(partial.func) ?? '', /^builtins\.int$/);
      assert.deepEqual(partial.args, ['7']);
      assert.deepEqual(partial.kwargs, [['base', 8]]);
    }
  });

  it('names a ufunc in every spelling', () => {
    for (const protocol of PROTOCOLS) {
      assert.equal(globalName(named('log1p', protocol)), 'numpy.log1p');
    }
    const spelled = (module: string, name: string): Inert => ({ kind: 'global', module, name, offset: 0 });
    assert.equal(globalName(spelled('numpy.core._multiarray_umath', 'log1p')), 'numpy.log1p');
    assert.equal(globalName(spelled('numpy._core._multiarray_umath', 'log1p')), 'numpy.log1p');
    assert.equal(globalName(spelled('scipy.special._ufuncs', 'expit')), 'scipy.special.expit');
    assert.equal(globalName(spelled('__builtin__', 'len')), 'builtins.len');
    // numpy 1.19: pickle.dumps(numpy.log1p, 2)
    const old = readPickle(
      Buffer.from(
        '\x80\x02cnumpy.core\n_ufunc_reconstruct\nX\x05\0\0\0numpyX\x05\0\0\0log1p\x86R.',
        'latin1',
      ),
    );
    assert.equal(globalName(old.root), 'numpy.log1p');
    assert.equal(globalName('numpy.log1p'), null);
  });

  it('keeps object arrays in C order', () => {
    for (const protocol of PROTOCOLS) {
      const vector = array(named('object array', protocol));
      assert.deepEqual(vector.objects?.slice(0, 3), [1, 'a', null]);
      assert.deepEqual(vector.objects?.[3], { kind: 'tuple', items: [1, 2] });
    }
  });

  it('reads dates as arrays that name their dtype', () => {
    const dates = array(named('dates', 5));
    assert.equal(dtypeName(dates.dtype), 'datetime64');
    assert.throws(() => toLabels(dates), { code: 'LL4003' });
  });

  it('survives values that hold themselves', () => {
    for (const protocol of PROTOCOLS) {
      const list = named('recursive list', protocol);
      assert.ok(typeof list === 'object' && list !== null && 'items' in list);
      assert.equal(list.items[0], list);
      const loop = named('recursive tuple', protocol) as PyTuple;
      assert.equal((loop.items[0] as { items: Inert[] }).items[0], loop);
    }
  });

  it('compares keys as Python does', () => {
    // {1: 'a', 'x': 'b', b'x': 'c', (1, 2): 'd'} and then 1.0, True and (1.0, 2) again
    const dict: Inert = {
      kind: 'dict',
      entries: [
        [1, 'a'],
        ['x', 'b'],
        [Buffer.from('x'), 'c'],
        [{ kind: 'tuple', items: [1, 2] }, 'd'],
        [true, 'e'],
        [{ kind: 'tuple', items: [true, 2] }, 'f'],
      ],
    };
    assert.equal(dictGet(dict, 1), 'e');
    assert.equal(dictGet(dict, 'x'), 'b');
    assert.equal(dictGet(dict, Buffer.from('x')), 'c');
    assert.equal(dictGet(dict, { kind: 'tuple', items: [1, 2] }), 'f');
    assert.equal(dictGet(dict, 'y'), undefined);
    assert.equal(dictGet(dict, '1'), undefined);
    assert.deepEqual(
      dictEntries(dict)?.map((entry) => entry[1]),
      ['e', 'b', 'c', 'f'],
    );
    assert.equal(dictEntries('x'), null);
  });

  it('gives every file a place in the prototype only', () => {
    // {'__proto__': {'admin': 1}, 'constructor': 2} as the state of foo.Bar
    const file = readPickle(
      Buffer.from(
        '\x80\x02cfoo\nBar\n)\x81}(X\x09\0\0\0__proto__}X\x05\0\0\0adminK\x01sX\x0b\0\0\0constructorK\x02ub.',
        'latin1',
      ),
    );
    const attributes = attributesOf(file.root as PyObject);
    assert.deepEqual([...attributes.keys()], ['__proto__', 'constructor']);
    assert.equal(({} as { admin?: number }).admin, undefined);
  });

  it('merges a state of dict and slots', () => {
    // copyreg.__reduce_ex__ of a class with __slots__ = ('s',) and a dict: state ({'a': 1}, {'s': 2})
    const file = readPickle(
      Buffer.from('\x80\x02cfoo\nBar\n)\x81}X\x01\0\0\0aK\x01s}X\x01\0\0\0sK\x02s\x86b.', 'latin1'),
    );
    assert.deepEqual(
      [...attributesOf(file.root as PyObject)],
      [
        ['a', 1],
        ['s', 2],
      ],
    );
  });
});
