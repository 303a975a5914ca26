import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labels1d, numbers2d } from '../model/data.ts';
import { csvOf, parseCsv } from './csv.ts';
import { colourModel, houseModel, textModel } from './fixtures/models.ts';

const named = houseModel(true).signature;
const unnamed = houseModel(false).signature;
const rows = (text: string, header: 'present' | 'absent' | 'auto' = 'auto', signature = named): unknown =>
  JSON.parse(JSON.stringify(parseCsv(Buffer.from(text), signature, header)));

describe('rows', () => {
  const object = { area: 1, rooms: 2, age: 3, dist: 4 };
  const cases: readonly [string, unknown, unknown][] = [
    ['a header with the names', rows('area,rooms,age,dist\n1,2,3,4\n'), [object]],
    [
      'line ends of Windows, a byte order mark, no line end at the end',
      rows('\ufeffarea,rooms,age,dist\r\n1,2,3,4'),
      [object],
    ],
    ['quotes', rows('"area","rooms",age,dist\n"1",2,3,4\n'), [object]],
    [
      'no header',
      rows('1,2,3,4\n5,6,7,8\n'),
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    ['no header although the names are not there', rows('1,2,3,4\n', 'absent'), [[1, 2, 3, 4]]],
    ['a header by force', rows('1,2,3,4\n5,6,7,8\n', 'present', unnamed), [[5, 6, 7, 8]]],
    [
      'a header of other names for a model without',
      rows('a,b,c,d\n1,2,3,4\n', 'auto', unnamed),
      [[1, 2, 3, 4]],
    ],
    ['missing values', rows('1,,NA,nan\n'), [[1, null, null, null]]],
    ['empty lines', rows('\n1,2,3,4\n\n'), [[1, 2, 3, 4]]],
    [
      'categories stay texts',
      rows('colour,size\nred,2\n', 'auto', colourModel().signature),
      [{ colour: 'red', size: 2 }],
    ],
    [
      'a text with a comma and a line end in it',
      rows('"a, b\nc"\nd\n', 'absent', textModel().signature),
      ['a, b\nc', 'd'],
    ],
  ];
  for (const [name, found, wanted] of cases) {
    test(name, () => {
      assert.deepEqual(found, wanted);
    });
  }
});

describe('refusals', () => {
  for (const [name, text, code] of [
    ['nothing', '', 'LL2008'],
    ['a header alone', 'area,rooms,age,dist\n', 'LL2008'],
    ['too few cells', '1,2,3,4\n1,2\n', 'LL2018'],
    ['too many cells, in quotes', '"1",2,3,4\n1,2,3,4,5\n', 'LL2018'],
    ['a quote that stays open', '1,2,3,"4\n', 'LL2018'],
    ['a text for a number', '1,2,3,x\n', 'LL2006'],
  ] as const) {
    test(name, () => {
      assert.throws(() => rows(text), { code });
    });
  }
});

test('predictions: one line a row, quoted where needed, empty where not finite', () => {
  const prediction = { probabilities: null, classes: null };
  assert.equal(
    csvOf({ ...prediction, target: labels1d(Int32Array.of(0, 1, 2), ['a,b', 'say "x"', 'c']) }),
    '"a,b"\n"say ""x"""\nc\n',
  );
  assert.equal(
    csvOf({ ...prediction, target: numbers2d(2, 2, Float64Array.of(1, Number.NaN, 0.5, -2)) }),
    '1,\n0.5,-2\n',
  );
});
