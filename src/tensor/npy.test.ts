import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { structField, toFloat64, toLabels } from './convert.ts';
import type { NdArray } from './ndarray.ts';
import { dtypeName } from './ndarray.ts';
import { parseNpy, readNpy, writeNpy } from './npy.ts';

// Base64 of what numpy 2.4 writes: numpy.save(f, a), and numpy.lib.format.write_array(f, a, version=…).
const PAD = 'ICAg'.repeat(16);
const FILES: readonly {
  name: string;
  file: string;
  shape: number[];
  elements: unknown[];
  written: boolean;
}[] = [
  {
    name: 'arange(3.0)',
    file: `k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAg${PAD}ICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAPA/AAAAAAAAAEA=`,
    shape: [3],
    elements: [0, 1, 2],
    written: true,
  },
  {
    name: "asfortranarray(arange(6, dtype='>i4').reshape(2, 3))",
    file: `k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0g${PAD}ICAgICAgICAgIAoAAAAAAAAAAwAAAAEAAAAEAAAAAgAAAAU=`,
    shape: [2, 3],
    elements: [0, 1, 2, 3, 4, 5],
    written: false,
  },
  {
    name: 'array([True, False])',
    file: `k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAg${PAD}ICAgICAgICAgIAoBAA==`,
    shape: [2],
    elements: [true, false],
    written: false,
  },
  {
    name: 'empty((0, 2))',
    file: `k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDAsIDIpLCB9${PAD}ICAgICAgICAgIAo=`,
    shape: [0, 2],
    elements: [],
    written: true,
  },
  {
    name: 'arange(2), version 2',
    file: `k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9${PAD}ICAgICAgICAgIAoAAAAAAAAAAAEAAAAAAAAA`,
    shape: [2],
    elements: [0, 1],
    written: false,
  },
  {
    name: 'arange(2), version 3',
    file: `k05VTVBZAwB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9${PAD}ICAgICAgICAgIAoAAAAAAAAAAAEAAAAAAAAA`,
    shape: [2],
    elements: [0, 1],
    written: false,
  },
];

describe('npy', () => {
  for (const { name, file, shape, elements, written } of FILES) {
    it(name, () => {
      const bytes = Buffer.from(file, 'base64');
      const array = readNpy(bytes);
      assert.deepEqual(array.shape, shape);
      assert.deepEqual(toLabels(array), elements);
      if (written) {
        assert.equal(writeNpy(toFloat64(array), array.shape).toString('base64'), file);
      }
    });
  }

  it('refuses what is no file of one plain array', () => {
    const good = Buffer.from(FILES[0]!.file, 'base64');
    assert.equal(toFloat64(readNpy(good))[2], 2);
    const text = good.toString('latin1');
    const bad = (from: string, to: string) =>
      Buffer.from(text.replace(from, to.padEnd(from.length)), 'latin1');
    const files: [string, Uint8Array][] = [
      ['cut off in the data', good.subarray(0, -1)],
      ['cut off in the header', good.subarray(0, 60)],
      ['empty', new Uint8Array(0)],
      ['no magic', good.subarray(1)],
      ['version 4', bad('\x93NUMPY\x01', '\x93NUMPY\x04')],
      ['objects', bad("'<f8'", "'|O'")],
      ['text', bad("'<f8'", "'<U2'")],
      ['a float of 3 bytes', bad("'<f8'", "'<f3'")],
      ['rows without end', bad('(3,)', '(0,99999999)')],
      ['no dtype', bad("'<f8'", "'<q9'")],
      ['a structure', bad("'<f8'", "[('a','<f8')]")],
      ['a shape too large', bad('(3,)', '(4,)')],
      ['no shape', bad("'shape': (3,)", '')],
    ];
    for (const [name, bytes] of files) {
      assert.throws(() => readNpy(bytes), { code: 'LL2019' }, name);
    }
  });

  // numpy.save of an aligned structure, of text, of bytes without dimensions, and of a field of two values.
  const parsed = (base64: string): NdArray<never> => {
    const array = parseNpy(Buffer.from(base64, 'base64'));
    assert.ok(typeof array !== 'string', String(array));
    return array;
  };

  it('reads structures, padding left out', () => {
    const array = parsed(
      'k05VTVBZAQC2AHsnZGVzY3InOiBbKCdsZWZ0JywgJzxpOCcpLCAoJ2ZsYWcnLCAnfHUxJyksICgnJywgJ3xWNycpLCAoJ3ZhbHVlJywgJzxmOCcpXSwgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAwAAAAAAAAABAAAAAAAAAAAAAAAAAOA///////////8AAAAAAAAAAAAAAAAAAABA',
    );
    assert.equal(dtypeName(array.dtype), 'struct(left: int64, flag: uint8, value: float64)');
    assert.deepEqual(toLabels(structField(array, 'left')), [3, -1]);
    assert.deepEqual(toLabels(structField(array, 'flag')), [1, 0]);
    assert.deepEqual(toLabels(structField(array, 'value')), [0.5, 2]);
  });

  it('reads a field of several values', () => {
    const array = parsed(
      'k05VTVBZAQB2AHsnZGVzY3InOiBbKCd2JywgJzxmNCcsICgyLCkpXSwgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQA==',
    );
    const field = structField(array, 'v');
    assert.deepEqual(
      [field.shape, toLabels(field)],
      [
        [1, 2],
        [1, 2],
      ],
    );
  });

  it('reads text and bytes', () => {
    const text = parsed(
      `k05VTVBZAQB2AHsnZGVzY3InOiAnPFUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAg${PAD}ICAgICAgICAgIAphAAAAYgAAAPwAAAAAAAAA`,
    );
    assert.deepEqual(toLabels(text), ['ab', 'ü']);
    const bytes = parsed(
      `k05VTVBZAQB2AHsnZGVzY3InOiAnfFMzJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAg${PAD}ICAgICAgICAgIApjc3I=`,
    );
    assert.deepEqual([bytes.shape, bytes.bytes.toString()], [[], 'csr']);
  });
});
