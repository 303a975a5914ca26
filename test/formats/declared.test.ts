/** What an MLmodel declares against the model: what fits, and what is refused with both named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoadlineError } from '../../src/errors.ts';
import type { Declared, DeclaredInput } from '../../src/model/declared.ts';
import { checkDeclared } from '../../src/model/declared-check.ts';
import { describeDeclared } from '../../src/model/describe-declared.ts';
import { exampleData } from '../../src/model/example-data.ts';
import type { Model } from '../../src/model/model.ts';
import { colourModel, doublingModel, houseModel, textModel } from '../../src/serve/fixtures/models.ts';

const NOTHING: Declared = {
  mlflow: '3.17.2',
  sklearn: '1.9.1',
  runId: null,
  modelId: null,
  inputs: null,
  outputs: null,
  predictFn: 'predict',
  example: null,
  faults: [],
};

function declaring(model: Model, declared: Partial<Declared>): Model {
  return { ...model, declared: { ...NOTHING, ...declared } };
}

function column(name: string | null, type = 'double', required = true): DeclaredInput {
  return { name, type, required, shape: null };
}

function tensor(shape: readonly number[], type = 'float64'): readonly DeclaredInput[] {
  return [{ name: null, type, required: true, shape }];
}

const COLUMNS = ['area', 'rooms', 'age', 'dist'].map((name) => column(name));
const named = houseModel(true);
const unnamed = houseModel(false);

describe('signatures', () => {
  const fits: readonly (readonly [string, Model, readonly DeclaredInput[] | null])[] = [
    ['none', named, null],
    ['an empty one', named, []],
    ['the columns of the model', named, COLUMNS],
    ['in another order', named, [...COLUMNS].reverse()],
    ['an optional column more', named, [...COLUMNS, column('zz', 'string', false)]],
    [
      'integers and booleans for numbers',
      named,
      [column('area', 'long'), column('rooms', 'integer'), column('age', 'boolean'), column('dist', 'float')],
    ],
    ['a tensor of its width', named, tensor([-1, 4])],
    ['a tensor of any width', unnamed, tensor([-1, -1])],
    ['a tensor of objects', unnamed, tensor([-1, 4], 'object')],
    [
      'columns of any name for a model without names',
      unnamed,
      ['a', 'b', 'c', 'd'].map((name) => column(name)),
    ],
    ['columns without names', named, [1, 2, 3, 4].map(() => column(null))],
    ['a text for a category', colourModel(), [column('colour', 'string'), column('size')]],
    ['one text', textModel(), [column('text', 'string')]],
    ['a tensor of texts', textModel(), tensor([-1], 'str')],
  ];
  for (const [name, model, inputs] of fits) {
    it(`${name} fits`, () => checkDeclared(declaring(model, { inputs })));
  }

  const refused: readonly (readonly [string, Model, Partial<Declared>, RegExp])[] = [
    [
      'a column less',
      named,
      { inputs: COLUMNS.slice(1) },
      /takes rooms, age, dist, but the model also takes area/,
    ],
    [
      'a column more',
      named,
      { inputs: [...COLUMNS, column('zz')] },
      /takes zz, but the model takes only area, rooms/,
    ],
    ['another name', named, { inputs: [column('Area'), ...COLUMNS.slice(1)] }, /the model also takes area/],
    [
      'a text for a number',
      named,
      { inputs: [column('area', 'string'), ...COLUMNS.slice(1)] },
      /has string for area, but the model takes a number/,
    ],
    [
      'a date for a number',
      named,
      { inputs: [column('area', 'datetime'), ...COLUMNS.slice(1)] },
      /datetime for area/,
    ],
    [
      'too few columns without names',
      unnamed,
      { inputs: [column('a'), column('b')] },
      /takes 2 columns, but the model takes 4/,
    ],
    [
      'too many columns without names',
      unnamed,
      { inputs: [...COLUMNS, column('zz')] },
      /takes 5 columns, but the model takes 4/,
    ],
    [
      'a narrow tensor',
      unnamed,
      { inputs: tensor([-1, 3]) },
      /shape \[-1, 3\], but the model takes \[-1, 4\]/,
    ],
    ['a tensor of three dimensions', unnamed, { inputs: tensor([-1, 4, 2]) }, /shape \[-1, 4, 2\]/],
    ['a tensor of one value a row', unnamed, { inputs: tensor([-1]) }, /shape \[-1\]/],
    [
      'a tensor of texts',
      unnamed,
      { inputs: tensor([-1, 4], 'str') },
      /a tensor of str, but the model takes numbers/,
    ],
    [
      'numbers for a text',
      textModel(),
      { inputs: [column('text', 'double')] },
      /takes double, but the model takes one text a row/,
    ],
    [
      'two columns for a text',
      textModel(),
      { inputs: [column('a', 'string'), column('b', 'string')] },
      /takes 2 columns/,
    ],
    [
      'a method that it has not',
      named,
      { predictFn: 'predict_proba' },
      /asked by predict_proba, but the model has predict$/,
    ],
    ['predict of a transformer', doublingModel(), {}, /asked by predict, but the model has transform/],
  ];
  for (const [name, model, declared, message] of refused) {
    it(`${name} is refused`, () => {
      assert.throws(
        () => checkDeclared(declaring(model, declared)),
        (error) => error instanceof LoadlineError && error.code === 'LL7013' && message.test(error.message),
      );
    });
  }

  it('nothing declared is nothing to check', () => checkDeclared(named));
});

describe('examples', () => {
  const ROW = [1.5, -0.3, 2.2, 0.7];
  const RECORD = { area: 1.5, rooms: -0.3, age: 2.2, dist: 0.7 };
  const bodies: readonly unknown[] = [
    { dataframe_split: { columns: Object.keys(RECORD), data: [ROW] } },
    { dataframe_split: { columns: Object.keys(RECORD), index: [0], data: [ROW] } },
    { dataframe_records: [RECORD] },
    { inputs: [ROW] },
    { instances: [ROW] },
    { inputs: [RECORD] },
    { inputs: RECORD },
    { inputs: { area: [1.5], rooms: [-0.3], age: [2.2], dist: [0.7] } },
    { dataframe_split: { columns: Object.keys(RECORD), data: [ROW] }, params: { threshold: 0.5 } },
  ];
  for (const example of bodies) {
    it(JSON.stringify(example), () => {
      assert.deepEqual(exampleData(declaring(named, { example })), {
        kind: 'dense',
        nRows: 1,
        nCols: 4,
        data: Float64Array.from(ROW),
      });
    });
  }

  it('one text, and several', () => {
    for (const [inputs, values] of [
      ['hello', ['hello']],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    ]) {
      assert.deepEqual(exampleData(declaring(textModel(), { example: { inputs } })), {
        kind: 'texts',
        nRows: values?.length,
        values,
      });
    }
  });

  it('none', () => {
    assert.equal(exampleData(named), null);
    assert.equal(exampleData(declaring(named, {})), null);
  });

  for (const [example, code] of [
    [{ inputs: [[1, 2]] }, 'LL2003'],
    [{ dataframe_records: [{ area: 1 }] }, 'LL2004'],
    [{ inputs: [['x', 1, 2, 3]] }, 'LL2006'],
    [{ other: 1 }, 'LL2002'],
    [[1], 'LL2002'],
    ['text', 'LL2002'],
  ] as const) {
    it(`${JSON.stringify(example)} does not fit`, () => {
      assert.throws(() => exampleData(declaring(named, { example })), { code });
    });
  }
});

it('is told in rows', () => {
  const declared: Declared = {
    ...NOTHING,
    runId: '20d8',
    modelId: 'm-50a3',
    inputs: [column('area'), column('note', 'string', false)],
    outputs: tensor([-1]),
    predictFn: 'predict_proba',
    example: { dataframe_split: {} },
    faults: ['Cannot read x.json: it is cut off (byte 3)'],
  };
  assert.deepEqual(describeDeclared(declared), [
    ['logged by', 'MLflow 3.17.2, scikit-learn 1.9.1'],
    ['run', '20d8'],
    ['model id', 'm-50a3'],
    ['takes', 'area double, note string (optional)'],
    ['gives', 'float64 [-1]'],
    ['asked by', 'predict_proba'],
    ['example', 'dataframe_split'],
    ['not read', 'Cannot read x.json: it is cut off (byte 3)'],
  ]);
});
