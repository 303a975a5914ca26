import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createColors } from 'picocolors';
import { progressDisplay } from './progress.ts';
import { processTerminal, type Terminal } from './terminal.ts';

function terminal(live: boolean): { terminal: Terminal; text: () => string } {
  const stderr = new PassThrough();
  let text = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const base = processTerminal('never');
  return { terminal: { ...base, stderr, live, width: 60, color: createColors(false) }, text: () => text };
}

test('off a terminal: a line when a phase begins and one for each item that ends', () => {
  const { terminal: plain, text } = terminal(false);
  const { onProgress, end } = progressDisplay(plain, false);
  onProgress({ phase: 'push', item: 'abc', state: 'start', totalBytes: 2048 });
  onProgress({ phase: 'push', item: 'abc', state: 'progress', doneBytes: 1024, totalBytes: 2048 });
  onProgress({ phase: 'push', item: 'abc', state: 'done', totalBytes: 2048, note: 'sent' });
  onProgress({ phase: 'push', item: 'def', state: 'skipped', note: 'already there' });
  end();
  assert.deepEqual(text().split('\n'), [
    '  pushing …',
    '  pushing: abc  2.0 KiB  sent',
    '  pushing: def  already there',
    '',
  ]);
});

test('on a terminal: one line is redrawn, no wider than it, and taken away at the end', () => {
  const { terminal: live, text } = terminal(true);
  const { onProgress, end } = progressDisplay(live, false);
  onProgress({ phase: 'base', item: '0123456789ab', state: 'start', totalBytes: 2048 });
  onProgress({ phase: 'base', item: '0123456789ab', state: 'done', totalBytes: 2048, note: 'x'.repeat(80) });
  end();
  assert.ok(!text().includes('\n'));
  const lines = text().split('\r\u001b[K');
  assert.equal(lines.at(-1), '');
  assert.ok(lines.every((line) => line.length < 60));
  assert.match(lines.at(-2) ?? '', /^ {2}pulling the base {2}\S+ {2}2\.0 KiB \/ 2\.0/);
});

test('quiet says nothing', () => {
  const { terminal: live, text } = terminal(true);
  const { onProgress, end } = progressDisplay(live, true);
  onProgress({ phase: 'base', item: 'a', state: 'done' });
  end();
  assert.equal(text(), '');
});
