import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { columns } from './table.ts';
import { print, processTerminal, say } from './terminal.ts';

test('a cell is one line, whatever is in it', () => {
  const rows = [
    ['note', 'a new\nversion 9   added'],
    ['by', 'ana\r\n'],
  ];
  assert.deepEqual(columns(rows), ['note  a new version 9   added', 'by    ana']);
});

test('what a terminal would obey reaches none; colours do, and a program gets all as it is', () => {
  const text = '\u001b[31mred\u001b[39m \u001b]0;title\u0007 \u001b[2J \u009b2J a\tb\nc\rd';
  const shown = '\u001b[31mred\u001b[39m ]0;title [2J 2J a\tb\ncd\n';
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const terminal = { ...processTerminal('never'), ...streams };
  say(terminal, text);
  assert.equal(streams.stderr.read()?.toString(), shown);
  print(terminal, text);
  assert.equal(streams.stdout.read()?.toString(), `${text}\n`);
  print({ ...terminal, stdout: Object.assign(streams.stdout, { isTTY: true }) }, text);
  assert.equal(streams.stdout.read()?.toString(), shown);
});
