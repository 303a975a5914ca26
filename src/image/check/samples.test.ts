import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  colourModel,
  doublingModel,
  greaterModel,
  houseModel,
  textModel,
  twoOutputModel,
} from '../../serve/fixtures/models.ts';
import { firstDifference, MOST_ROWS, madeRows, makeSamples } from './samples.ts';

// The models are made by hand (serve/fixtures/models.ts); expected values are their arithmetic.

describe('what a server must say', () => {
  test('rows one by one and all together', () => {
    const samples = makeSamples(
      houseModel(true),
      [[1, 1, 2, 3], { area: 0, rooms: 0, age: 0, dist: 0 }],
      false,
    );
    assert.deepEqual(
      samples?.singles.map(({ body, nRows, expected }) => [body, nRows, expected]),
      [
        ['{"features":[1,1,2,3]}', 1, { answer: { prediction: [6.9] } }],
        ['{"features":{"area":0,"rooms":0,"age":0,"dist":0}}', 1, { answer: { prediction: [4] } }],
      ],
    );
    assert.equal(samples.batch.nRows, 2);
    assert.deepEqual(samples.batch.expected, { answer: { prediction: [6.9, 4] } });
  });

  test('probabilities where the model has them', () => {
    const samples = makeSamples(greaterModel(['no', 'yes']), [[2, 1]], false);
    assert.deepEqual(JSON.parse(samples!.singles[0]!.body), { features: [2, 1], probabilities: true });
    assert.deepEqual(samples!.singles[0]!.expected, {
      answer: { prediction: ['yes'], probabilities: [[0.25, 0.75]], classes: ['no', 'yes'] },
    });
  });

  test('several outputs, what is not finite as JSON has it', () => {
    const samples = makeSamples(twoOutputModel(), [[0]], false);
    assert.deepEqual(samples!.singles[0]!.expected, { answer: { prediction: [[0, null]] } });
  });

  test('a row that is wrong: its refusal when a person gave it, left out when it was made', () => {
    const rows = [
      [1, 2],
      [1, 1, 2, 3],
    ];
    const given = makeSamples(houseModel(true), rows, false)!;
    assert.deepEqual(given.singles[0]!.expected, { code: 'LL2003' });
    assert.equal(given.batch.nRows, 1);
    const made = makeSamples(houseModel(true), rows, true)!;
    assert.deepEqual(
      made.singles.map(({ body }) => body),
      ['{"features":[1,1,2,3]}'],
    );
  });

  test('null where the model takes no row', () => {
    assert.equal(makeSamples(houseModel(true), [[1]], true), null);
    assert.equal(makeSamples(houseModel(true), [], false), null);
  });
});

describe('rows made from the signature', () => {
  test('are always the same, and the model takes nearly all of them', () => {
    const models = [
      houseModel(true),
      houseModel(false),
      greaterModel([0, 1]),
      colourModel(),
      textModel(),
      doublingModel(),
    ];
    for (const model of models) {
      const rows = madeRows(model.signature);
      assert.deepEqual(rows, madeRows(model.signature));
      const taken = makeSamples(model, rows, true)?.singles.length ?? 0;
      assert.ok(taken >= rows.length - 1 && taken >= 4, `${taken} of ${rows.length}`);
    }
  });

  test('numbers lie on both sides of what is usual, by column name', () => {
    const rows = madeRows(houseModel(true).signature) as Record<string, number | null>[];
    for (const name of ['area', 'rooms', 'age', 'dist']) {
      const values = rows.map((row) => row[name]!);
      assert.ok(
        values.some((value) => value !== null && value < 0.5),
        name,
      );
      assert.ok(
        values.some((value) => value > 1.5),
        name,
      );
    }
  });

  test('every category comes, and a missing value where it may', () => {
    const rows = madeRows(colourModel().signature) as Record<string, unknown>[];
    const colours = new Set(rows.map(({ colour }) => colour));
    assert.deepEqual(colours, new Set(['red', 'green', null]));
  });

  test('thousands of categories do not make thousands of rows', () => {
    const { signature } = colourModel();
    const categories = Array.from({ length: 5000 }, (_, i) => `c${i}`);
    const features = signature.features!.map((feature) => ({ ...feature, categories }));
    assert.equal(madeRows({ ...signature, features }).length, MOST_ROWS);
  });
});

describe('the first difference', () => {
  const cases: readonly [unknown, unknown, string | null][] = [
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, null],
    [{ b: 1, a: 2 }, { a: 2, b: 1 }, null],
    [{ prediction: [1, 2.5] }, { prediction: [1, 2] }, 'prediction[1]: 2.5, expected 2'],
    [{ prediction: ['a'] }, { prediction: ['a', 'b'] }, 'prediction[1]: nothing, expected "b"'],
    [{ prediction: [1, 2] }, { prediction: [1] }, 'prediction[1]: 2, expected nothing'],
    [{ a: { b: null } }, { a: { b: 0 } }, 'a.b: null, expected 0'],
    [[1], { 0: 1 }, 'the answer: [1], expected {"0":1}'],
    ['x', 5, 'the answer: "x", expected 5'],
    [{ p: ['1'] }, { p: [1] }, 'p[0]: "1", expected 1'],
  ];
  for (const [found, wanted, said] of cases) {
    test(String(said), () => assert.equal(firstDifference(found, wanted), said));
  }
});
