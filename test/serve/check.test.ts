/** A version that is to replace another, checked with models and answers of scikit-learn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoadlineError } from '../../src/errors.ts';
import { openModel } from '../../src/formats/open.ts';
import type { Data } from '../../src/model/data.ts';
import type { Declared } from '../../src/model/declared.ts';
import type { Model } from '../../src/model/model.ts';
import { rowsToData } from '../../src/model/rows.ts';
import { checkVersion } from '../../src/serve/roster/check.ts';
import { corpusModel } from './harness.ts';

const open = (name: string): Promise<Model> => openModel(corpusModel(name).path);

/** The rows of a corpus case as requests of `sizes` rows brought them. */
function recentOf(name: string, model: Model, sizes: readonly number[]): Data[] {
  const { rows } = corpusModel(name);
  let from = 0;
  return sizes.map((size) => {
    const part = rows.slice(from, from + size);
    from += size;
    return rowsToData(part, model.signature);
  });
}

/** What checking `next` against `previous` with rows that `previous` was asked comes to. */
async function check(next: string, previous: string, sizes: readonly number[] = [1, 7, 12]) {
  const old = await open(previous);
  return checkVersion(await open(next), 'house-price', '4', old, recentOf(previous, old, sizes));
}

function refused(pattern: RegExp, detail: { readonly row?: number; readonly field?: string } = {}) {
  return (error: unknown): boolean => {
    assert.ok(isLoadlineError(error), String(error));
    assert.equal(error.code, 'LL7013');
    assert.match(error.message, /^Cannot serve house-price\/4: /);
    assert.match(error.message, pattern);
    assert.equal(error.detail.where, 'house-price/4');
    assert.equal(error.detail.row, detail.row);
    assert.equal(error.detail.field, detail.field);
    return true;
  };
}

test('numbers: the differences are those between the answers that scikit-learn recorded', async () => {
  const report = await check('linear/linear-regression', 'linear/ridge');
  const [old, next] = [corpusModel('linear/ridge').predict, corpusModel('linear/linear-regression').predict];
  const differences = old.map((value, i) => Math.abs(Number(next[i]) - Number(value))).sort((a, b) => a - b);
  assert.equal(differences.length, 20);
  const { difference } = report;
  assert.deepEqual(
    { ...report, difference: null },
    {
      name: 'house-price',
      version: '4',
      example: null,
      difference: null,
    },
  );
  assert.ok(
    difference !== null && difference.p50 !== null && difference.p95 !== null && difference.max !== null,
  );
  assert.equal(difference.rows, 20);
  assert.equal(difference.agreeing, 0);
  // Nearest rank of 20: the 10th, the 19th and the last.
  for (const [found, wanted] of [
    [difference.p50, differences[9]!],
    [difference.p95, differences[18]!],
    [difference.max, differences[19]!],
  ] as const) {
    // A difference of two answers keeps the absolute error of the answers, which are some tens.
    assert.ok(Math.abs(found - wanted) < 1e-7, `${found} is not ${wanted}`);
  }
});

test('labels: rows agree where scikit-learn recorded the same label, whatever form the rows came in', async () => {
  const { difference } = await check('trees/forest-columns', 'linear/logistic-columns');
  const [old, next] = [
    corpusModel('linear/logistic-columns').predict,
    corpusModel('trees/forest-columns').predict,
  ];
  const agreeing = old.filter((label, i) => label === next[i]).length;
  assert.ok(agreeing > 0 && agreeing < 20, 'the two disagree on some rows');
  assert.deepEqual(difference, { rows: 20, agreeing, p50: null, p95: null, max: null });
});

test('categories and texts are asked again as callers sent them', async () => {
  for (const name of ['compose/one-hot-logistic', 'compose/text-logistic', 'text/dict-classifier']) {
    const rows = corpusModel(name).rows.length;
    assert.deepEqual((await check(name, name, [rows])).difference, {
      rows,
      agreeing: rows,
      p50: null,
      p95: null,
      max: null,
    });
  }
});

test('at most 256 rows are compared', async () => {
  const { difference } = await check(
    'linear/ridge',
    'linear/ridge',
    Array.from({ length: 20 }, () => 1),
  );
  assert.equal(difference?.rows, 20);
  const model = await open('linear/ridge');
  const recent = Array.from({ length: 20 }, () => recentOf('linear/ridge', model, [20])[0]!);
  const report = await checkVersion(model, 'house-price', '4', model, recent);
  assert.deepEqual(report.difference, { rows: 256, agreeing: 256, p50: 0, p95: 0, max: 0 });
});

test('a first version, and one before any request, has no difference', async () => {
  const model = await open('linear/ridge');
  const alone = { name: 'house-price', version: '4', example: null, difference: null };
  assert.deepEqual(await checkVersion(model, 'house-price', '4', null, []), alone);
  assert.deepEqual(await checkVersion(model, 'house-price', '4', model, []), alone);
});

test('what callers of the version before rely on has to stay, with requests or without', async () => {
  for (const [next, previous, pattern, field] of [
    ['linear/linear-regression-wide', 'linear/ridge', /takes 60 features, .* takes 4$/, undefined],
    ['linear/linear-regression', 'linear/linear-regression-columns', /without column names/, undefined],
    ['linear/linear-regression-multi-output', 'linear/linear-regression', /for each of 2 outputs/, undefined],
    ['linear/logistic-binary', 'linear/ridge', /answers a class, .* a number$/, undefined],
    ['svm/svc-binary', 'svm/svc-proba-binary', /no predict_proba/, undefined],
    ['compose/text-logistic', 'linear/logistic-binary', /takes texts, .* takes features$/, undefined],
  ] as const) {
    for (const sizes of [[], [20]]) {
      await assert.rejects(
        check(next, previous, sizes),
        refused(pattern, field === undefined ? {} : { field }),
        `${next} in place of ${previous}`,
      );
    }
  }
});

test('columns have to keep their names and their order', async () => {
  const model = await open('linear/linear-regression-columns');
  const named = (...names: string[]): Model => ({
    ...model,
    signature: {
      ...model.signature,
      features: names.map((name) => ({ name, kind: 'number' as const, missing: true })),
    },
  });
  const recent = recentOf('linear/linear-regression-columns', model, [5]);
  for (const [names, pattern, field] of [
    [['a', 'b', 'c', 'd', 'e'], /needs the feature "e"/, 'e'],
    [['a', 'b', 'c', 'x'], /needs the feature "x"/, 'x'],
    [['a', 'b', 'd'], /no feature "c"/, 'c'],
    [['a', 'c', 'b', 'd'], /another order.*place 1 is "c", it was "b"$/, 'c'],
  ] as const) {
    await assert.rejects(
      checkVersion(named(...names), 'house-price', '4', model, recent),
      refused(pattern, { field }),
    );
  }
});

/** A model as its MLmodel declares it. */
function declaring(model: Model, declared: Partial<Declared>): Model {
  return {
    ...model,
    declared: {
      mlflow: null,
      sklearn: null,
      runId: null,
      modelId: null,
      inputs: null,
      outputs: null,
      predictFn: 'predict',
      example: null,
      faults: [],
      ...declared,
    },
  };
}

test('its own signature and example are checked, with a version before or without', async () => {
  const model = await open('linear/ridge');
  const { rows } = corpusModel('linear/ridge');
  const columns = (...names: string[]) =>
    names.map((name) => ({ name, type: 'double', required: true, shape: null }));
  for (const previous of [null, model]) {
    const check = (declared: Partial<Declared>) =>
      checkVersion(declaring(model, declared), 'house-price', '4', previous, []);
    assert.equal((await check({ inputs: columns('a', 'b', 'c', 'd') })).example, null);
    assert.equal((await check({ example: { inputs: rows } })).example, true);
    await assert.rejects(check({ inputs: columns('a', 'b', 'c') }), { code: 'LL7013' });
    await assert.rejects(
      check({ example: { inputs: [[1, 2, 3]] } }),
      refused(/refuses its own example: .*LL2003/, { row: 0 }),
    );
    await assert.rejects(
      check({ example: { inputs: [[1, 2, 3, 'x']] } }),
      refused(/own example/, { row: 0, field: 'x3' }),
    );
  }
});

test('a row that the version before answers has to be answered, with the row and the field named', async () => {
  const tolerant = await open('trees/forest-regressor-missing');
  const strict = await open('linear/ridge');
  const recent = [
    [[1, 2, 3, 4]],
    [
      [1, 2, 3, 4],
      [1, null, 3, 4],
    ],
  ].map((rows) => rowsToData(rows, tolerant.signature));
  await assert.rejects(
    checkVersion(strict, 'house-price', '4', tolerant, recent),
    refused(/refuses rows .*LL2007/, { row: 1, field: 'x1' }),
  );
  // The other way round nobody loses anything: the row that was refused is left out.
  const { difference } = await checkVersion(tolerant, 'house-price', '4', strict, recent);
  assert.equal(difference?.rows, 2);
});

test('an answer that is no longer finite is none', async () => {
  const model = await open('linear/ridge');
  const broken: Model = {
    ...model,
    fitted: {
      ...model.fitted,
      predict(rows) {
        const target = model.fitted.predict!(rows);
        return target.kind === 'numbers'
          ? { ...target, data: target.data.map((value, i) => (i === 2 ? Number.NaN : value)) }
          : target;
      },
    },
  };
  const recent = recentOf('linear/ridge', model, [20]);
  await assert.rejects(
    checkVersion(broken, 'house-price', '4', model, recent),
    refused(/not finite/, { row: 2 }),
  );
});

test('requests are answered while a slow version is compared', async () => {
  const model = await open('linear/ridge');
  let calls = 0;
  const slow: Model = {
    ...model,
    fitted: {
      ...model.fitted,
      predict(rows) {
        calls++;
        const end = performance.now() + 3 * rows.nRows;
        while (performance.now() < end);
        return model.fitted.predict!(rows);
      },
    },
  };
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const { difference } = await checkVersion(
    slow,
    'house-price',
    '4',
    model,
    recentOf('linear/ridge', model, [20]),
  );
  clearInterval(timer);
  assert.equal(difference?.rows, 20);
  assert.ok(calls >= 10 && turns >= 10, `${turns} turns of the event loop in ${calls} slices`);
});

test('a slow version answers its own example a row at a time', async () => {
  const model = await open('linear/ridge');
  const sizes: number[] = [];
  const slow: Model = {
    ...model,
    fitted: {
      ...model.fitted,
      predict(rows) {
        sizes.push(rows.nRows);
        const end = performance.now() + 3;
        while (performance.now() < end);
        return model.fitted.predict!(rows);
      },
    },
  };
  let turns = 0;
  const count = (): void => {
    turns++;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  const inputs = Array.from({ length: 100 }, () => [1, 2, 3, 4]);
  await checkVersion(declaring(slow, { example: { inputs } }), 'house-price', '4', null, []);
  clearImmediate(immediate);
  assert.deepEqual(sizes, new Array(64).fill(1));
  assert.ok(turns >= 32, `the sockets were read ${turns} times`);
  // A row that cannot be answered is named by its place in the example.
  const broken = [...inputs.slice(0, 7), [1, 2, null, 4]];
  await assert.rejects(
    checkVersion(declaring(model, { example: { inputs: broken } }), 'house-price', '4', null, []),
    refused(/own example/, { row: 7, field: 'x2' }),
  );
});
