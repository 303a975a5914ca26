/**
 * Models in repositories that the real DVC made. The HTTP remote is a server of node's own that DVC itself pushes to: DVC
 * asks no more of one than GET, HEAD and PUT of files.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isLoadlineError } from '../../src/errors.ts';
import { openModel } from '../../src/formats/open.ts';
import { openCache } from '../../src/versions/cache.ts';
import { parseDvcConfig } from '../../src/versions/dvc/config.ts';
import { createDigest } from '../../src/versions/dvc/digest.ts';
import { dvcSource } from '../../src/versions/dvc/source.ts';
import { isTracked } from '../../src/versions/dvc/tracked.ts';
import type { FetchedVersion, Source, Work } from '../../src/versions/types.ts';
import {
  dvcMissing,
  type FileServer,
  listing,
  openFileServer,
  openWorkplace,
  type Repository,
  type Workplace,
} from './real-dvc.ts';

const MODEL = new URL('../../examples/house-price/model.pkl', import.meta.url).pathname;
const skip = dvcMissing() ?? false;
const QUICK = { pauseMs: 1, idleMs: 5_000 };

const progress: [string, number, number | null][] = [];
const work: Work = {
  signal: new AbortController().signal,
  onProgress: (...call) => progress.push(call),
};

let place: Workplace;
let caches = 0;

function open(path: string, env: Readonly<Record<string, string>> = place.env): Source {
  // A cache of its own each time: nothing comes from an earlier test.
  const XDG_CACHE_HOME = join(place.folder, `loadline-${caches++}`);
  return dvcSource(
    { kind: 'dvc', path },
    { env, cache: () => openCache({ ...env, XDG_CACHE_HOME }), timing: QUICK },
  );
}

async function fetch(path: string, env?: Readonly<Record<string, string>>): Promise<FetchedVersion> {
  const source = open(path, env);
  return source.fetch(await source.find(work), work);
}

async function fails(path: string, code: string, message: RegExp, fix?: RegExp): Promise<void> {
  await assert.rejects(fetch(path), (error) => {
    assert.ok(isLoadlineError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    if (fix !== undefined) {
      assert.match(error.fix, fix);
    }
    return true;
  });
}

/** As DVC wrote it. */
function md5In(pointer: string): string {
  return (
    /md5: ([0-9a-f]{32})/.exec(readFileSync(pointer, 'utf8'))?.[1] ?? assert.fail(`no md5 in ${pointer}`)
  );
}

/** The model with other bytes behind it, which no reader of pickles looks at. */
function writeVariant(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(MODEL, path);
  appendFileSync(path, text);
}

describe('DVC', { skip }, () => {
  before(() => {
    place = openWorkplace();
  });
  after(() => place.remove());

  describe('a file that was added and pushed to a folder', () => {
    let repository: Repository;
    let model: string;
    before(async () => {
      repository = await place.repository('file');
      model = join(repository.folder, 'model.pkl');
      writeVariant(model, 'one');
      await repository.dvc('remote add --default storage ../storage', 'add model.pkl', 'push');
    });

    test('comes from the work tree, the cache and the remote, and the repository stays as it is', async () => {
      const bytes = readFileSync(model);
      const md5 = md5In(`${model}.dvc`);
      const object = join('files', 'md5', md5.slice(0, 2), md5.slice(2));
      const inCache = join(repository.cache, object);
      const inRemote = join(place.folder, 'storage', object);
      // Each place alone, the others out of the way.
      for (const [only, others] of [
        [model, [inCache, inRemote]],
        [inCache, [model, inRemote]],
        [inRemote, [model, inCache]],
      ] as const) {
        for (const other of others) {
          renameSync(other, `${other}.away`);
        }
        const files = listing(repository.folder);
        const fetched = await fetch(`${model}.dvc`);
        assert.deepEqual(readFileSync(fetched.path), bytes, only);
        assert.equal(fetched.version, md5.slice(0, 12));
        assert.equal(fetched.identity, md5);
        assert.equal(fetched.name, 'model');
        assert.equal(listing(repository.folder), files);
        for (const other of others) {
          renameSync(`${other}.away`, other);
        }
      }
      const fetched = await fetch(model);
      assert.equal((await openModel(fetched.path)).fitted.name, (await openModel(MODEL)).fitted.name);
      assert.deepEqual(progress.at(-1), ['model.pkl', bytes.length, bytes.length]);
    });

    test('is fetched once', async () => {
      const source = open(`${model}.dvc`);
      const found = await source.find(work);
      const { path } = await source.fetch(found, work);
      renameSync(repository.cache, `${repository.cache}.away`);
      renameSync(model, `${model}.away`);
      renameSync(join(place.folder, 'storage'), join(place.folder, 'storage.away'));
      assert.equal((await source.fetch(found, work)).path, path);
      renameSync(`${repository.cache}.away`, repository.cache);
      renameSync(`${model}.away`, model);
      renameSync(join(place.folder, 'storage.away'), join(place.folder, 'storage'));
    });

    test('that is edited in the work tree comes from the cache', async () => {
      const bytes = readFileSync(model);
      chmodSync(model, 0o644);
      writeFileSync(model, 'not this');
      assert.deepEqual(readFileSync((await fetch(`${model}.dvc`)).path), bytes);
      await repository.dvc('checkout --force');
      assert.deepEqual(readFileSync(model), bytes);
    });

    test('that is damaged in the cache comes from the remote, and is refused where there is none', async () => {
      const md5 = md5In(`${model}.dvc`);
      const inCache = join(repository.cache, 'files', 'md5', md5.slice(0, 2), md5.slice(2));
      const bytes = readFileSync(inCache);
      const damaged = Buffer.from(bytes);
      damaged[100] = damaged[100]! ^ 1;
      const away = join(place.folder, 'model.away');
      renameSync(model, away);
      for (const wrong of [damaged, bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]) {
        chmodSync(inCache, 0o644);
        writeFileSync(inCache, wrong);
        assert.deepEqual(readFileSync((await fetch(`${model}.dvc`)).path), bytes);
        renameSync(join(place.folder, 'storage'), join(place.folder, 'storage.away'));
        await fails(
          `${model}.dvc`,
          'LL7006',
          /the work tree has none; the cache .* has (?:more than \d+ bytes|\d+ bytes with md5 [0-9a-f]{32}) in its place; the remote "storage" .* has none/,
          /dvc pull/,
        );
        renameSync(join(place.folder, 'storage.away'), join(place.folder, 'storage'));
      }
      writeFileSync(inCache, bytes);
      renameSync(away, model);
    });

    test('moves with its .dvc file', async () => {
      const source = open(`${model}.dvc`);
      const old = await source.find(work);
      const pointer = readFileSync(`${model}.dvc`);
      const bytes = readFileSync(model);
      rmSync(model);
      writeVariant(model, 'two');
      await repository.dvc('add model.pkl');
      const next = await source.find(work);
      assert.equal(next.identity, md5In(`${model}.dvc`));
      assert.notEqual(next.identity, old.identity);
      assert.deepEqual(readFileSync((await source.fetch(next, work)).path), readFileSync(model));
      await assert.rejects(source.fetch(old, work), { code: 'LL7012' });
      // As `git checkout` of the commit before.
      writeFileSync(`${model}.dvc`, pointer);
      assert.equal((await source.find(work)).identity, old.identity);
      assert.deepEqual(readFileSync((await source.fetch(old, work)).path), bytes);
      assert.equal(source.moves, true);
    });

    test('is told from what is not tracked', () => {
      assert.equal(isTracked(model), true);
      assert.equal(isTracked(`${model}.dvc`), true);
      assert.equal(isTracked(join(repository.folder, 'other.pkl')), false);
      assert.equal(isTracked(join(repository.folder, 'other.pkl.dvc')), false);
      assert.equal(isTracked(join(place.folder, 'model.pkl')), false);
    });

    test('whose .dvc file is broken is refused by what is wrong', async () => {
      const pointer = readFileSync(`${model}.dvc`, 'utf8');
      const md5 = md5In(`${model}.dvc`);
      for (const [content, message] of [
        [`<<<<<<< HEAD\n${pointer}=======\n${pointer}>>>>>>> main\n`, /Cannot read .*model\.pkl\.dvc: /],
        [pointer.replace(md5, '../../../../etc/passwd'), /the md5 of .* is "\.\.\/\.\.\/.*expected 32 hex/],
        [pointer.replace(/ {2}hash: md5\n/, '  hash: sha256\n'), /tracked by "sha256", expected md5/],
        [pointer.replace(/- md5: .*\n/, '- x: y\n'), /has no md5 yet/],
        ['outs: []\n', /names 0 outputs, expected 1/],
        [`a: &a [x]\n${'b: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n'.repeat(1)}`, /names 0 outputs/],
      ] as const) {
        writeFileSync(`${model}.dvc`, content);
        await fails(`${model}.dvc`, 'LL7012', message);
      }
      writeFileSync(`${model}.dvc`, pointer);
    });

    test('that is nowhere is refused with all places', async () => {
      const pointer = readFileSync(`${model}.dvc`, 'utf8');
      writeFileSync(`${model}.dvc`, pointer.replace(/md5: [0-9a-f]{32}/, `md5: ${'0'.repeat(32)}`));
      const storage = join(place.folder, 'storage');
      const nowhere = new RegExp(
        `Cannot get model.pkl \\(md5 0{32}\\) from DVC: the work tree has other content; the cache ${repository.cache} has none; the remote "storage" ${storage} has none`,
      );
      await fails(`${model}.dvc`, 'LL7012', nowhere, /dvc push/);
      const config = join(repository.folder, '.dvc', 'config');
      const settings = readFileSync(config, 'utf8');
      for (const [change, message, fix] of [
        [
          settings.replace('../../storage', 's3://bucket/storage'),
          /remote "storage": it is on s3,/,
          /dvc pull/,
        ],
        [
          settings.replace('../../storage', 'ssh://host/storage'),
          /remote "storage": it is on ssh,/,
          /dvc pull/,
        ],
        [
          settings.replace('remote = storage', 'remote = other'),
          /no remote "other" .*there are storage/,
          /dvc remote list/,
        ],
        [settings.replace('remote = storage', ''), /no default remote is set/, /dvc remote default/],
      ] as const) {
        assert.notEqual(change, settings);
        writeFileSync(config, change);
        await fails(`${model}.dvc`, 'LL7012', message, fix);
      }
      writeFileSync(config, settings);
      writeFileSync(`${model}.dvc`, pointer);
      await fails(join(repository.folder, 'other.pkl'), 'LL7012', /no .dvc file and no dvc.lock/);
    });

    test('stops when it is told to, and is not taken for whole then', async () => {
      const controller = new AbortController();
      const source = open(model);
      const found = await source.find(work);
      const stopping: Work = {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('enough')),
      };
      await assert.rejects(source.fetch(found, stopping));
      // What was begun is no model yet.
      const bytes = readFileSync((await source.fetch(found, work)).path);
      assert.equal(createHash('md5').update(bytes).digest('hex'), md5In(`${model}.dvc`));
    });

    test('is refused where our own cache has no room', async () => {
      const { path } = await open(model).fetch(await open(model).find(work), work);
      const source = dvcSource(
        { kind: 'dvc', path: model },
        {
          env: place.env,
          cache: async () => ({
            folder: '',
            keep: async () => {},
            // A file in the place of the folder, as a stand-in for a disk that refuses to write.
            ensure: async (_, fill) => {
              await fill({ files: path, parts: path });
              return path;
            },
          }),
        },
      );
      await assert.rejects(source.fetch(await source.find(work), work), { code: 'LL1007' });
    });
  });

  describe('a folder', () => {
    let repository: Repository;
    let house: string;
    before(async () => {
      repository = await place.repository('folder');
      house = join(repository.folder, 'models', 'house');
      mkdirSync(join(house, 'more'), { recursive: true });
      copyFileSync(MODEL, join(house, 'model.pkl'));
      writeFileSync(join(house, 'more', 'ünï.txt'), 'kept');
      // What mlflow.sklearn.save_model of 3.17 writes, without what nobody reads here.
      writeFileSync(
        join(house, 'MLmodel'),
        [
          'flavors:',
          '  python_function:',
          '    loader_module: mlflow.sklearn',
          '    model_path: model.pkl',
          '  sklearn:',
          '    pickled_model: model.pkl',
          '    serialization_format: pickle',
          '    sklearn_version: 1.9.1',
          'mlflow_version: 3.17.2',
          '',
        ].join('\n'),
      );
      await repository.dvc('remote add --default storage ../folder-storage', 'add models', 'push');
    });

    for (const from of ['the work tree', 'the cache', 'the remote'] as const) {
      test(`comes whole from ${from}, or a part of it`, async () => {
        const wanted = listing(house).replaceAll(house, '');
        const files = readdirSync(house);
        if (from !== 'the work tree') {
          renameSync(join(repository.folder, 'models'), join(place.folder, 'models.away'));
        }
        if (from === 'the remote') {
          renameSync(repository.cache, join(place.folder, 'cache.away'));
        }
        const fetched = await fetch(house);
        assert.equal(listing(fetched.path).replaceAll(fetched.path, ''), wanted);
        assert.deepEqual(readdirSync(fetched.path), files);
        assert.equal(fetched.name, 'house');
        assert.equal(fetched.identity, md5In(join(repository.folder, 'models.dvc')));
        assert.equal((await openModel(fetched.path)).origin.sklearn, '1.9.1');
        const part = await fetch(join(house, 'model.pkl'));
        assert.deepEqual(readFileSync(part.path), readFileSync(MODEL));
        if (from === 'the remote') {
          renameSync(join(place.folder, 'cache.away'), repository.cache);
        }
        if (from !== 'the work tree') {
          renameSync(join(place.folder, 'models.away'), join(repository.folder, 'models'));
        }
      });
    }

    test('without an MLmodel is refused before it is fetched, a part that is not there by what there is', async () => {
      await fails(join(repository.folder, 'models.dvc'), 'LL7005', /without an MLmodel, of 3 files/);
      await fails(
        join(repository.folder, 'models', 'other.pkl'),
        'LL7012',
        /models has no such file/,
        /house\/MLmodel/,
      );
    });

    for (const path of [
      '../outside.pkl',
      '/etc/outside.pkl',
      'a/../../outside.pkl',
      'a\\..\\b',
      'a//b',
      '',
    ]) {
      test(`with the path ${JSON.stringify(path)} in its list is refused`, async () => {
        const list = JSON.stringify([
          { md5: md5Of('MLmodel'), relpath: 'MLmodel' },
          { md5: md5Of('x'), relpath: path },
        ]);
        const md5 = md5Of(list);
        const object = join(repository.cache, 'files', 'md5', md5.slice(0, 2), `${md5.slice(2)}.dir`);
        mkdirSync(dirname(object), { recursive: true });
        writeFileSync(object, list);
        writeFileSync(
          join(repository.folder, 'evil.dvc'),
          `outs:\n- md5: ${md5}.dir\n  hash: md5\n  path: evil\n`,
        );
        await fails(join(repository.folder, 'evil.dvc'), 'LL7007', /leaves the folder/);
      });
    }

    test('whose list is no list is refused', async () => {
      const md5 = md5Of('{}');
      const object = join(repository.cache, 'files', 'md5', md5.slice(0, 2), `${md5.slice(2)}.dir`);
      mkdirSync(dirname(object), { recursive: true });
      writeFileSync(object, '{}');
      writeFileSync(
        join(repository.folder, 'evil.dvc'),
        `outs:\n- md5: ${md5}.dir\n  hash: md5\n  path: evil\n`,
      );
      await fails(join(repository.folder, 'evil.dvc'), 'LL7006', /expected a JSON list/);
    });
  });

  test('an output of a pipeline comes by dvc.lock, from where its stage runs', async () => {
    const repository = await place.repository('pipeline');
    copyFileSync(MODEL, join(repository.folder, 'source.pkl'));
    mkdirSync(join(repository.folder, 'train'));
    const item = `$${'{item}'}`;
    writeFileSync(
      join(repository.folder, 'dvc.yaml'),
      [
        'stages:',
        '  train:',
        '    wdir: train',
        '    cmd: cp ../source.pkl model.pkl',
        '    outs: [model.pkl]',
        '  many:',
        '    foreach: [a, b]',
        '    do:',
        `      cmd: cp source.pkl ${item}.pkl && echo ${item} >> ${item}.pkl`,
        `      outs: ["${item}.pkl"]`,
        '',
      ].join('\n'),
    );
    await repository.dvc('repro');
    for (const [path, content] of [
      ['train/model.pkl', readFileSync(MODEL)],
      ['b.pkl', Buffer.concat([readFileSync(MODEL), Buffer.from('b\n')])],
    ] as const) {
      const output = join(repository.folder, path);
      assert.equal(isTracked(output), true);
      rmSync(output);
      const fetched = await fetch(output);
      assert.deepEqual(readFileSync(fetched.path), content);
      assert.equal(fetched.identity, createHash('md5').update(content).digest('hex'));
    }
    assert.equal(isTracked(join(repository.folder, 'model.pkl')), false);
  });

  describe('an HTTP remote', () => {
    let server: FileServer;
    let repository: Repository;
    let model: string;
    const BASIC = `Basic ${Buffer.from('ada:some "pass" #1').toString('base64')}`;
    before(async () => {
      server = await openFileServer();
      server.intercept = (request, response) => {
        const isAllowed = request.headers.authorization === BASIC;
        if (!isAllowed) {
          response.writeHead(401).end();
        }
        return !isAllowed;
      };
      repository = await place.repository('http');
      model = join(repository.folder, 'model.pkl');
      copyFileSync(MODEL, model);
      await repository.dvc(
        `remote add --default web ${server.url}/models/`,
        'remote modify web auth basic',
        'remote modify web method PUT',
        'remote modify --local web user ada',
        `remote modify --local web password 'some "pass" #1'`,
        'add model.pkl',
        'push',
      );
      rmSync(repository.cache, { recursive: true });
      rmSync(model);
    });
    after(() => server.close());

    test('is read with the name and password that DVC was told', async () => {
      assert.equal(server.files.size, 1);
      assert.deepEqual(readFileSync((await fetch(model)).path), readFileSync(MODEL));
    });

    test('may have a header of its own, in a configuration of the user', async () => {
      const { intercept } = server;
      server.intercept = (request, response) => {
        const isAllowed = request.headers['x-token'] === 'T-1';
        if (!isAllowed) {
          response.writeHead(403).end();
        }
        return !isAllowed;
      };
      await repository.dvc(
        'remote modify web auth custom',
        'remote modify web custom_auth_header X-Token',
        'remote modify --local --unset web password',
        'remote modify --local --unset web user',
      );
      await fails(
        model,
        'LL7012',
        /auth = custom wants custom_auth_header and a password/,
        /--local web password/,
      );
      const user = place.env.DVC_GLOBAL_CONFIG_DIR!;
      mkdirSync(user);
      writeFileSync(join(user, 'config'), `['remote "web"']\n    password = T-1 # of 2026\n`);
      assert.deepEqual(readFileSync((await fetch(model)).path), readFileSync(MODEL));
      // DVC takes it from there too.
      assert.match(await repository.dvc('fetch'), /1 file/);
      rmSync(repository.cache, { recursive: true });
      writeFileSync(join(user, 'config'), `['remote "web"']\n    password = T-2\n`);
      await fails(model, 'LL7012', /the remote "web" http:.* refuses access \(403\)/);
      rmSync(user, { recursive: true });
      await repository.dvc('remote modify --unset web auth');
      server.intercept = intercept;
    });

    test('is asked again after failures that may pass, and never gives half a file', async () => {
      let request = 0;
      server.intercept = (_, response) => {
        request += 1;
        if (request === 1) {
          response.writeHead(503, { 'Retry-After': '0' }).end('busy');
        } else if (request === 2) {
          const content = [...server.files.values()][0]!;
          response.writeHead(200, { 'Content-Length': content.length });
          response.write(content.subarray(0, 1000), () => response.destroy());
        }
        return request <= 2;
      };
      const fetched = await fetch(model);
      assert.equal(request, 3);
      assert.deepEqual(readFileSync(fetched.path), readFileSync(MODEL));
    });

    for (const [what, answer, code, message] of [
      ['404', [404, 'no'], 'LL7012', /the remote "web" .* has none/],
      ['503 for ever', [503, 'no'], 'LL7012', /answers 503 \(tried 4 times\)/],
      [
        'HTML with 200',
        [200, '<html>log in</html>'],
        'LL7006',
        /has 19 bytes with md5 [0-9a-f]{32} in its place/,
      ],
      ['more than there is', [200, 'x'.repeat(1_000_000)], 'LL7006', /has more than \d+ bytes in its place/],
      ['418', [418, 'no'], 'LL7012', /answers 418/],
    ] as const) {
      test(`that answers ${what} is refused`, async () => {
        server.intercept = (_, response) => {
          response.writeHead(answer[0], { 'Retry-After': '0' }).end(answer[1]);
          return true;
        };
        await fails(model, code, message);
      });
    }

    test('that sends on to another server is followed without its header', async () => {
      const other = await openFileServer();
      const [path, content] = [...server.files][0]!;
      other.files.set('/elsewhere', content);
      server.intercept = (request, response) => {
        assert.equal(request.url, path);
        response.writeHead(302, { Location: `${other.url}/elsewhere` }).end();
        return true;
      };
      writeFileSync(
        join(repository.folder, '.dvc', 'config.local'),
        `['remote "web"']\n    auth = basic\n    user = ada\n    password = secret\n`,
      );
      assert.deepEqual(readFileSync((await fetch(model)).path), readFileSync(MODEL));
      assert.equal(other.asked.length, 1);
      assert.equal(other.asked[0]?.headers.authorization, undefined);
      assert.match(server.asked.at(-1)?.headers.authorization ?? '', /^Basic /);
      await other.close();
    });

    test('that is not there is refused', async () => {
      await server.close();
      await fails(model, 'LL7012', /the remote "web" .* cannot be reached: the connection was refused/);
    });
  });

  describe('what DVC 2 wrote', () => {
    // No DVC 2 runs on this Python, so its files are made from those of DVC 3, which still reads them and is the judge.
    let repository: Repository;
    before(async () => {
      repository = await place.repository('two');
    });

    /** As DVC 2 has it: no `hash`, and no `files/md5` in the cache. */
    async function addAsTwo(name: string, content: Buffer): Promise<void> {
      const path = join(repository.folder, name);
      writeFileSync(path, content);
      await repository.dvc(`add ${name}`);
      const pointer = readFileSync(`${path}.dvc`, 'utf8');
      const old = md5In(`${path}.dvc`);
      const md5 = await md5Dos2Unix(path);
      writeFileSync(`${path}.dvc`, pointer.replace('  hash: md5\n', '').replace(old, md5));
      mkdirSync(join(repository.cache, md5.slice(0, 2)), { recursive: true });
      renameSync(
        join(repository.cache, 'files', 'md5', old.slice(0, 2), old.slice(2)),
        join(repository.cache, md5.slice(0, 2), md5.slice(2)),
      );
      rmSync(path);
    }

    async function md5Dos2Unix(path: string): Promise<string> {
      const code =
        'import sys; from dvc_data.hashfile.hash import file_md5; print(file_md5(sys.argv[1], name="md5-dos2unix"))';
      return (await place.python(place.folder, code, [path])).trim();
    }

    test('is read where it lies', async () => {
      await addAsTwo('model.pkl', readFileSync(MODEL));
      const path = join(repository.folder, 'model.pkl');
      const fetched = await fetch(path);
      assert.deepEqual(readFileSync(fetched.path), readFileSync(MODEL));
      await repository.dvc('checkout model.pkl.dvc');
      assert.deepEqual(readFileSync(path), readFileSync(MODEL));
    });

    test('was hashed with the line ends of text made equal', async () => {
      const text = Buffer.from('(lp0\r\nS"a text of a protocol 0 pickle"\r\np1\r\na.');
      await addAsTwo('text.pkl', text);
      const path = join(repository.folder, 'text.pkl');
      assert.notEqual(md5In(`${path}.dvc`), createHash('md5').update(text).digest('hex'));
      const fetched = await fetch(path);
      assert.deepEqual(readFileSync(fetched.path), text);
      await repository.dvc('checkout text.pkl.dvc');
      assert.deepEqual(readFileSync(path), text);
    });

    const line = Buffer.from('seventeen bytes\r\n');
    for (const [what, content] of [
      ['nothing', Buffer.alloc(0)],
      ['a CR at the end', Buffer.from('a\r\nb\r')],
      ['text that is cut in two at 1 MiB', Buffer.concat(Array(200_000).fill(line))],
      // 2^20 is 61680 lines and 16 bytes: the first piece ends between \r and \n.
      ['a piece that ends in CR', Buffer.concat(Array(61_681).fill(line))],
      [
        '30 % strange bytes',
        Buffer.concat([Buffer.alloc(30, 0xff), Buffer.alloc(66, 'a'), Buffer.from('\r\na\n')]),
      ],
      [
        '31 % strange bytes',
        Buffer.concat([Buffer.alloc(31, 0xff), Buffer.alloc(65, 'a'), Buffer.from('\r\na\n')]),
      ],
      ['a zero', Buffer.from('a\r\n\0\r\n')],
      ['a zero after 512 bytes', Buffer.concat([Buffer.alloc(512, '\r\n'), Buffer.from('\0\r\n')])],
      ['\\v, \\b, \\f and 127', Buffer.from('\v\r\n\b\f\x7f')],
    ] as const) {
      test(`hashes as DVC does: ${what}`, async () => {
        const path = join(place.folder, 'hashed');
        writeFileSync(path, content);
        const wanted = await md5Dos2Unix(path);
        for (const step of [content.length + 1, 65_536, 1000]) {
          const digest = createDigest(true);
          for (let at = 0; at < content.length; at += step) {
            digest.update(content.subarray(at, at + step));
          }
          assert.equal(digest.matches(wanted), true, `${step} bytes at a time`);
          assert.equal(digest.matches(md5Of('other')), false);
        }
        const plain = createDigest(false);
        plain.update(content);
        assert.equal(plain.value(), createHash('md5').update(content).digest('hex'));
        assert.equal(plain.matches(wanted), plain.value() === wanted);
      });
    }
  });

  test('a configuration says what it says to DVC', async () => {
    const file = join(place.folder, 'some-config');
    writeFileSync(
      file,
      [
        '# a comment',
        '[core]  # and one more',
        '    Remote = Storage',
        '    analytics=false',
        `['remote "storage"']`,
        '    url = /a folder/with spaces # a comment',
        `["remote 'x'"]`,
        '    url = https://host/path?x=y%20z',
        `['remote "UPPER"']`,
        `    password = 'a "b" # c = d'`,
        `    user = "it's"`,
        `    custom_auth_header = '''both ' and "'''`,
        '    "quoted key" = 1',
        '    empty = ""',
        '[ cache ]',
        '    dir = ~/cache',
        '',
      ].join('\n'),
    );
    const code =
      'import json, sys; from dvc.config import Config; print(json.dumps(Config.load_file(sys.argv[1])))';
    const { remote, machine, db, ...sections } = JSON.parse(
      await place.python(place.folder, code, [file]),
    ) as Record<string, Record<string, unknown>>;
    assert.deepEqual([machine, db], [{}, {}]);
    const wanted = {
      ...sections,
      ...Object.fromEntries(
        Object.entries(remote ?? {}).map(([name, options]) => [`remote ${name}`, options]),
      ),
    };
    assert.deepEqual(Object.fromEntries(parseDvcConfig(readFileSync(file, 'utf8'))), wanted);
    assert.deepEqual(Object.keys(wanted).sort(), [
      'cache',
      'core',
      "remote 'x'",
      'remote storage',
      'remote upper',
    ]);
  });

  test('a cache elsewhere, a remote on a remote, and other ways to write them', async () => {
    const repository = await place.repository('elsewhere');
    const model = join(repository.folder, 'model.pkl');
    copyFileSync(MODEL, model);
    await repository.dvc(
      'remote add base ../base',
      'remote add --default Upper remote://base/below',
      'cache dir --local ../the-cache',
      'add model.pkl',
      'push',
    );
    rmSync(model);
    assert.equal(existsSync(repository.cache), false);
    assert.deepEqual(readFileSync((await fetch(model)).path), readFileSync(MODEL));
    cpSync(join(place.folder, 'the-cache'), join(place.folder, 'the-cache.away'), { recursive: true });
    rmSync(join(place.folder, 'the-cache'), { recursive: true });
    assert.ok(existsSync(join(place.folder, 'base', 'below', 'files')));
    assert.deepEqual(readFileSync((await fetch(model)).path), readFileSync(MODEL));
  });
});

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
