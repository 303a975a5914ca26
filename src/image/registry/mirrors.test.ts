import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLoadlineError } from '../../errors.ts';
import { parseMirrors } from './mirrors.ts';

describe('good ones', () => {
  for (const [text, expected] of [
    [undefined, []],
    ['', []],
    [' , ', []],
    ['gcr.io=http://127.0.0.1:5001', [['gcr.io', ['127.0.0.1:5001', 'http://127.0.0.1:5001', '']]]],
    [
      ' gcr.io = http://127.0.0.1:5001/ , docker.io=https://mirror.example/prefix/hub/,',
      [
        ['gcr.io', ['127.0.0.1:5001', 'http://127.0.0.1:5001', '']],
        ['docker.io', ['mirror.example', 'https://mirror.example', 'prefix/hub/']],
      ],
    ],
    [
      'docker.io=https://a.example,docker.io=https://b.example:8443/x',
      [
        [
          'docker.io',
          ['a.example', 'https://a.example', ''],
          ['b.example:8443', 'https://b.example:8443', 'x/'],
        ],
      ],
    ],
  ] as const) {
    test(JSON.stringify(text ?? null), () => {
      const found = [...parseMirrors(text)].map(([registry, endpoints]) => [
        registry,
        ...endpoints.map(({ name, origins, prefix }) => [
          name,
          origins.map(({ origin }) => origin).join(),
          prefix,
        ]),
      ]);
      assert.deepEqual(found, expected);
    });
  }
});

describe('bad ones', () => {
  for (const [text, message] of [
    ['gcr.io', 'expected registry=address, found "gcr.io"'],
    ['https://user:secret@mirror.example', 'expected registry=address, found "https://…@mirror.example"'],
    ['gcr.io=http://a.example,oops', 'expected registry=address, found "oops"'],
    ['=http://a.example', '"" is not the host of a registry'],
    ['gcr.io/team=http://a.example', '"gcr.io/team" is not the host of a registry'],
    ['gcr.io=', 'the mirror of "gcr.io" must begin with https:// or http://, found ""'],
    ['gcr.io=a.example', 'the mirror of "gcr.io" must begin with https:// or http://, found "a.example"'],
    [
      'gcr.io=ftp://a.example',
      'the mirror of "gcr.io" must begin with https:// or http://, found "ftp://a.example"',
    ],
    ['gcr.io=http://', 'the mirror of "gcr.io" must begin with https:// or http://, found "http://"'],
    [
      'gcr.io=https://a.example/?x=1',
      'the mirror of "gcr.io" must end with its path, found "https://a.example/?x=1"',
    ],
    [
      'gcr.io=https://a.example/#x',
      'the mirror of "gcr.io" must end with its path, found "https://a.example/#x"',
    ],
    [
      'gcr.io=https://user:secret@a.example',
      'the mirror of "gcr.io" has credentials in its address; use docker login a.example',
    ],
  ] as const) {
    test(text, () => {
      assert.throws(
        () => parseMirrors(text),
        (error) => {
          assert.ok(isLoadlineError(error));
          assert.equal(error.code, 'LL1005');
          assert.equal(error.message, `LOADLINE_REGISTRY_MIRRORS: ${message}`);
          assert.ok(!error.message.includes('secret'));
          return true;
        },
      );
    });
  }
});
