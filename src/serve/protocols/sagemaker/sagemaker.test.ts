import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, coreOf } from '../../fixtures/ask.ts';
import { greaterModel, houseModel, textModel, twoOutputModel } from '../../fixtures/models.ts';

// The models are made by hand (fixtures/models.ts); 6.9 is theirs for the row 1, 1, 2, 3.
const open = coreOf(houseModel(true));
const strict = coreOf(houseModel(true), { dialect: 'sagemaker' });

// numpy.save of numpy.array([[1., 1., 2., 3.], [0., 0., 0., 0.]]) and of its first row.
const header = (shape: string): Buffer => {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  return Buffer.concat([Buffer.from('934e554d505901007600', 'hex'), Buffer.from(`${text}\n`)]);
};
const doubles = (...values: number[]): Buffer => Buffer.from(Float64Array.from(values).buffer);
const MATRIX = Buffer.concat([header('(2, 4)'), doubles(1, 1, 2, 3, 0, 0, 0, 0)]);
const VECTOR = Buffer.concat([header('(4,)'), doubles(1, 1, 2, 3)]);

const JSON_TYPE = { 'content-type': 'application/json' };
const CSV = { 'content-type': 'text/csv' };
const NPY = { 'content-type': 'application/x-npy' };

describe('a bare array is answered bare', () => {
  for (const core of [open, strict]) {
    test(`dialect ${core === open ? 'auto' : 'sagemaker'}`, async () => {
      assert.deepEqual((await ask(core, '/invocations', [1, 0, 2, 1])).json, [4.3]);
      assert.deepEqual(
        (
          await ask(core, '/invocations', [
            [1, 0, 2, 0],
            [0, 0, 0, 0],
          ])
        ).json,
        [4, 4],
      );
      assert.equal((await ask(core, '/invocations', '  \n[[0,0,0,0]]', JSON_TYPE)).body.toString(), '[4]');
      assert.equal((await ask(core, '/invocations', '[[0,0,0,0]]')).body.toString(), '[4]');
    });
  }
  test('labels, texts, several outputs', async () => {
    assert.deepEqual((await ask(coreOf(greaterModel(['no', 'yes'])), '/invocations', [[2, 1]])).json, [
      'yes',
    ]);
    assert.deepEqual((await ask(coreOf(textModel()), '/invocations', ['hi', 'hello'])).json, [
      'short',
      'long',
    ]);
    assert.deepEqual((await ask(coreOf(twoOutputModel()), '/invocations', [[2]])).json, [[2, 0.5]]);
  });
});

describe('CSV', () => {
  test('its own dialect has no header', async () => {
    const said = await ask(strict, '/invocations', '1,0,2,0\n0,0,0,0\n', CSV);
    assert.deepEqual([said.status, said.json], [200, [4, 4]]);
    assert.equal((await ask(strict, '/invocations', 'area,rooms,age,dist\n0,0,0,0\n', CSV)).status, 400);
  });
  test('header=present', async () => {
    const said = await ask(strict, '/invocations', 'dist,age,rooms,area\n0,2,0,1\n', {
      'content-type': 'text/csv; header=present',
    });
    assert.deepEqual(said.json, [4]);
  });
  test('header=absent where the first line looks like one', async () => {
    const core = coreOf(textModel());
    const said = await ask(core, '/invocations', 'text\nhello\n', {
      'content-type': 'text/csv;header=absent',
      accept: 'text/csv',
    });
    assert.equal(said.body.toString(), 'short\nlong\n');
  });
  test('CSV out, one row a line', async () => {
    const said = await ask(open, '/invocations', '1,0,2,0\n0,0,0,0\n', { ...CSV, accept: 'text/csv' });
    assert.match(said.type, /^text\/csv/);
    assert.equal(said.body.toString(), '4\n4\n');
    const two = await ask(coreOf(twoOutputModel()), '/invocations', '2\n0\n', { ...CSV, accept: 'text/csv' });
    assert.equal(two.body.toString(), '2,0.5\n0,\n');
  });
  test('quotes', async () => {
    const core = coreOf(textModel());
    const said = await ask(core, '/invocations', '"a, b, ""c"""\r\nhi\r\n', { ...CSV, accept: 'text/csv' });
    assert.equal(said.body.toString(), 'long\nshort\n');
  });
});

describe('npy', () => {
  test('in', async () => {
    assert.deepEqual((await ask(open, '/invocations', MATRIX, NPY)).json, [6.9, 4]);
    assert.deepEqual((await ask(strict, '/invocations', VECTOR, NPY)).json, [6.9]);
  });
  test('out', async () => {
    const said = await ask(open, '/invocations', MATRIX, { ...NPY, accept: 'application/x-npy' });
    assert.equal(said.type, 'application/x-npy');
    assert.deepEqual(said.body, Buffer.concat([header('(2,)'), doubles(6.9, 4)]));
  });
  test('refused', async () => {
    for (const body of [MATRIX.subarray(0, -1), Buffer.from('no array'), Buffer.alloc(0)]) {
      assert.equal((await ask(open, '/invocations', body, NPY)).status, 400);
    }
  });
});

test('only its own dialect rounds to float32, as the container does', async () => {
  const single = Math.fround(0.1);
  assert.notEqual(single, 0.1);
  assert.deepEqual((await ask(strict, '/invocations', [[0.1, 0, 0, 0]])).json, [single + 4]);
  assert.deepEqual((await ask(strict, '/invocations', '0.1,0,0,0', CSV)).json, [single + 4]);
  assert.deepEqual((await ask(open, '/invocations', [[0.1, 0, 0, 0]])).json, [4.1]);
});

test('refusals are plain text with their status', async () => {
  const cases: readonly [unknown, Record<string, string>, number, RegExp][] = [
    [{ inputs: [[1, 2, 3, 4]] }, JSON_TYPE, 400, /^LL2002: .*expected an array/],
    [[[1, 2]], JSON_TYPE, 400, /^LL2003: Row 0 has 2 values/],
    [[], JSON_TYPE, 400, /^LL2008/],
    ['[1, 2', JSON_TYPE, 400, /^LL2001/],
    ['x', { 'content-type': 'application/x-npz' }, 415, /^LL2010/],
  ];
  for (const [body, headers, status, text] of cases) {
    const said = await ask(strict, '/invocations', body, headers);
    assert.equal(said.status, status);
    assert.match(said.type, /^text\/plain/);
    assert.match(said.body.toString(), text);
  }
  // In the open dialect what is SageMaker's is refused in its form too.
  assert.match((await ask(open, '/invocations', [[1, 2]])).body.toString(), /^LL2003: /);
});

test('/ping', async () => {
  const said = await ask(strict, '/ping');
  assert.deepEqual([said.status, said.body.toString()], [200, '']);
  assert.equal((await ask(coreOf(null, { dialect: 'sagemaker' }), '/ping')).status, 503);
});
