import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeUtf8,
  parseFloat0,
  parseInt0,
  parseInteger,
  parseLong,
  parseQuoted,
  parseRawUnicode,
  parseTwosComplement,
  TextError,
} from './text.ts';

// Expected values: CPython 3.11's pickle.loads of the same argument, one line each; null where it must be refused here.
type Row = readonly [argument: string, value: unknown];

function check(name: string, parse: (text: string) => unknown, rows: readonly Row[]): void {
  describe(name, () => {
    for (const [argument, value] of rows) {
      it(JSON.stringify(argument), () => {
        if (value === null) {
          assert.throws(() => parse(argument), TextError);
        } else {
          assert.deepEqual(parse(argument), value);
        }
      });
    }
  });
}

check('INT', (text) => parseInt0(text, 4300), [
  ['0', 0],
  ['-0', 0],
  ['00', false],
  ['01', true],
  ['-12', -12],
  ['9007199254740993', 9007199254740993n],
  // CPython takes these; no pickler writes them, and its two implementations differ on the first.
  ['007', null],
  ['0x10', null],
  ['1_0', null],
  ['+1', null],
  [' 1', null],
  ['', null],
  ['1.5', null],
  ['1\r', null],
]);

check('LONG', (text) => parseLong(text, 4300), [
  ['0L', 0],
  ['12', 12],
  ['-100000000000000000000L', -(10n ** 20n)],
  ['L', null],
  ['12LL', null],
]);

check('FLOAT', parseFloat0, [
  ['1.5', 1.5],
  ['-1e+16', -1e16],
  ['5e-324', 5e-324],
  ['0.1', 0.1],
  ['1.', 1],
  ['.5', 0.5],
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['', null],
  ['0x1p3', null],
  ['1_0.0', null],
  ['Infinity', null],
  ['1e', null],
]);

check('STRING', parseQuoted, [
  ["'a'", 'a'],
  ['"it\'s"', "it's"],
  ["'\\x41\\101\\n\\\\\\'\\t'", "A\x41\n\\'\t"],
  ["'\\q\\8'", '\\q\\8'],
  ["'\\777'", '\xff'],
  ["'", null],
  ['a', null],
  ['\'a"', null],
  ["'\\xZ'", null],
  ["'\\'", null],
]);

check('UNICODE', parseRawUnicode, [
  ['a', 'a'],
  ['\\u00e9\\U0001f600', 'é😀'],
  ['\xe9', 'é'],
  ['\\\\u0041', '\\\\u0041'],
  ['\\n', '\\n'],
  ['\\ud800', '\ud800'],
  ['\\u00', null],
  ['\\U00110000', null],
]);

check('integers as text', (text) => parseInteger(text, 20), [
  ['1'.repeat(20), 11111111111111111111n],
  ['1'.repeat(21), null],
]);

check('LONG1', (hex) => parseTwosComplement(Buffer.from(hex, 'hex')), [
  // pickle.encode_long
  ['', 0],
  ['ff00', 255],
  ['ff7f', 32767],
  ['00ff', -256],
  ['80', -128],
  ['7f', 127],
  ['ffffffffffff', -1],
  ['00000000000080', -(2n ** 55n)],
  ['ffffffffffffff', -1],
  ['000000000000000001', 2n ** 64n],
]);

check('UTF-8', (hex) => decodeUtf8(Buffer.from(hex, 'hex'), 0, hex.length / 2), [
  // bytes.decode('utf-8', 'surrogatepass')
  ['61c3a9', 'aé'],
  ['eda080', '\ud800'],
  ['61eda0bd62', 'a\ud83db'],
  ['eda0bdedb880', '\ud83d\ude00'],
  ['efbfbd', '\ufffd'],
  ['ed9fbf', '\ud7ff'],
  ['ff', null],
  ['c3', null],
  ['eda0', null],
  ['c080', null],
]);
