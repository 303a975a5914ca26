import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dense, labels1d, numbers1d, numbers2d } from '../model/data.ts';
import { jsonClasses, jsonFault, jsonProbabilities, jsonTarget, parseJson, parsePythonJson } from './json.ts';

describe('the place of a fault', () => {
  // By hand, from the grammar of RFC 8259: the token that cannot stand where it stands.
  const cases: readonly [string, number][] = [
    ['', 0],
    ['  ', 2],
    ['nul', 0],
    ['tru', 0],
    ['01', 0],
    ['1.', 0],
    ['-', 0],
    ['+1', 0],
    ['1 2', 2],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['[', 1],
    ['[1', 2],
    ['[1,', 3],
    ['{', 1],
    ['{1: 2}', 1],
    ['{"a" 1}', 5],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['{"a":1 "b"', 7],
    ['[{"a":[1,2}]', 10],
    ['"abc', 4],
    ['"a\\x"', 2],
    ['"a\\u12g4"', 2],
    ['"a\nb"', 2],
    ['"\\"', 3],
    ['[NaN]', 1],
    ["{'a': 1}", 1],
    ['[1]]', 3],
    ['{}x', 2],
  ];
  for (const [text, at] of cases) {
    test(JSON.stringify(text), () => {
      assert.throws(() => JSON.parse(text));
      assert.equal(jsonFault(text), at);
    });
  }

  test('valid texts have none; in a broken one it is where V8 stops, or the number, word or escape it stops in', () => {
    const chars = fc.constantFrom('"', '\\', ',', ']', '}', '[', '{', ':', '-', 'x', '0', ' ', '\n', '');
    fc.assert(
      fc.property(fc.json(), fc.nat(), chars, (text, where, char) => {
        assert.equal(jsonFault(text), text.length);
        const at = where % (text.length + 1);
        const changed = text.slice(0, at) + char + text.slice(at + 1);
        try {
          JSON.parse(changed);
        } catch (error) {
          const { message } = error as Error;
          const position = /position (\d+)/.exec(message)?.[1];
          if (position !== undefined || message.includes('end of JSON input')) {
            const stop = position === undefined ? changed.length : Number(position);
            assert.match(
              changed.slice(jsonFault(changed), stop),
              /^(\\(u[\da-f]*)?|[\w.+-]*)$/i,
              JSON.stringify(changed),
            );
            assert.ok(jsonFault(changed) <= stop);
          }
          return;
        }
        assert.equal(jsonFault(changed), changed.length);
      }),
      { numRuns: 2000, examples: [['"\\u0000"', 5, ' ']] },
    );
  });

  test('a string of megabytes and nesting of a million do not overflow', () => {
    const long = `"${'\\n'.repeat(4_000_000)}`;
    assert.equal(jsonFault(long), long.length);
    assert.equal(jsonFault('['.repeat(1_000_000)), 1_000_000);
  });
});

describe("Python's numbers", () => {
  const cases: readonly [string, unknown][] = [
    ['[NaN, Infinity, -Infinity]', [null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['{"NaN": NaN}', { NaN: null }],
    ['["a NaN", "\\"NaN", NaN]', ['a NaN', '"NaN', null]],
    ['[1]', [1]],
  ];
  for (const [text, value] of cases) {
    test(text, () => {
      assert.deepEqual(parsePythonJson(Buffer.from(text)), value);
    });
  }
  for (const text of ['[NaNs]', '[NaN', '["NaN]', 'NaN NaN', '[aNaN]']) {
    test(`${text} stays refused`, () => {
      assert.throws(() => parsePythonJson(Buffer.from(text)), { code: 'LL2001' });
    });
  }
});

test('the error has a line and a column', () => {
  assert.throws(
    () => parseJson(Buffer.from('{\n  "features": [1,\n  x]\n}')),
    /line 3, column 3 \(character 22\)/,
  );
});

test('a byte order mark is no JSON', () => {
  assert.throws(() => parseJson(Buffer.from('\ufeff{}')), { code: 'LL2001' });
});

describe('targets', () => {
  test('numbers, not finite as null', () => {
    const target = numbers1d(Float64Array.of(1.5, Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e21, 5e-324));
    assert.equal(jsonTarget(target), '[1.5,null,null,0,1e+21,5e-324]');
  });
  test('several outputs', () => {
    assert.equal(jsonTarget(numbers2d(2, 2, Float64Array.of(1, 2, 3, 4))), '[[1,2],[3,4]]');
  });
  test('labels that need escapes', () => {
    assert.equal(jsonTarget(labels1d(Int32Array.of(1, 0), ['a"b', 'é\n'])), '["é\\n","a\\"b"]');
  });
  test('labels of several outputs', () => {
    const classes = [
      ['a', 'b'],
      [10, 20],
    ];
    const target = {
      kind: 'labels',
      nRows: 2,
      nCols: 2,
      oneD: false,
      codes: Int32Array.of(0, 1, 1, 0),
      classes,
    } as const;
    assert.equal(jsonTarget(target), '[["a",20],["b",10]]');
  });
  test('no rows', () => {
    assert.equal(jsonTarget(numbers1d(new Float64Array(0))), '[]');
  });
  test('probabilities and classes of one output, and of two', () => {
    const matrix = dense(1, 2, Float64Array.of(0.25, 0.75));
    assert.equal(jsonProbabilities([matrix]), '[[0.25,0.75]]');
    assert.equal(jsonProbabilities([matrix, matrix]), '[[[0.25,0.75]],[[0.25,0.75]]]');
    assert.equal(jsonClasses([['a', 1]]), '["a",1]');
    assert.equal(jsonClasses([['a'], [true, false]]), '[["a"],[true,false]]');
  });
});
