/** Versions of models as a new user meets them: the embedded store in a folder of their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import type { ModelComparison } from '../../src/cli/commands/models/comparison.ts';
import { commandLine, HOUSES, type Outcome, ROOT } from './command-line.ts';

/** A linear regression of four columns a, b, c, d, fitted by scikit-learn 1.9.1. */
const COLUMNS = `${ROOT}corpus/linear/linear-regression-columns/1.9.pkl`;

/** What a person reads, with times and digests made the same everywhere. */
function read({ stdout, stderr }: Outcome): string {
  return `${stdout}${stderr}`
    .replace(/just now|\d+ (s|min) ago/g, 'NOW')
    .replace(/\b[0-9a-f]{64}\b/g, 'SHA256')
    .replace(/ +$/gm, '');
}

function ok(outcome: Outcome): string {
  assert.equal(outcome.code, 0, `${outcome.stderr}${outcome.stdout}`);
  return read(outcome);
}

describe('two versions, promoted and rolled back', () => {
  const { folder, loadline } = commandLine();
  const by = ['--by', 'ana'];

  test('before the first version there is nothing, and how to begin', () => {
    const { code, stdout, stderr } = loadline(['models', 'list']);
    assert.equal(code, 0);
    assert.equal(stdout, '');
    assert.match(stderr, /loadline models add model\.pkl --name NAME/);
    assert.ok(!existsSync(join(folder, '.loadline')), 'looking makes nothing');
  });

  test('add says what it read, what it made and what comes next', () => {
    const first = [
      '--metric',
      'rmse=0.23',
      '--param',
      'alpha=1',
      '--note',
      'the first',
      '--alias',
      'champion',
    ];
    const text = ok(loadline(['models', 'add', HOUSES, '--name', 'house-price', ...first, ...by]));
    assert.equal(
      text,
      [
        '  ✓ read as data: nothing in the file was executed',
        '  ✓ house-price/1   Pipeline · scikit-learn 1.9.1 · 1.1 KiB · added to .loadline/models',
        '  ✓ champion is now at 1',
        '',
        '  Serve it     loadline serve house-price@champion --watch',
        '',
      ].join('\n'),
    );
    const second = [
      '--metric',
      'rmse=0.21',
      '--metric',
      'mae=0.1',
      '--note',
      'by columns',
      '--tag',
      'team=prices',
    ];
    assert.match(
      ok(loadline(['models', 'add', COLUMNS, '--name', 'house-price', ...second, ...by])),
      /✓ house-price\/2 .*\n\n {2}Serve it .*\n {2}Promote it {3}loadline models promote house-price\/2 --alias champion\n/,
    );
  });

  test('list and show', () => {
    assert.equal(
      ok(loadline(['models', 'list'])),
      [
        'NAME         NEWEST  ALIASES       VERSIONS  ADDED',
        'house-price  2       champion → 1  2         NOW',
        '',
      ].join('\n'),
    );
    assert.equal(
      ok(loadline(['models', 'show', 'house-price'])),
      [
        'house-price   2 versions · .loadline/models',
        '',
        'VERSION  ALIASES   METRICS             SHA256        BY   ADDED',
        '2        -         rmse 0.21, mae 0.1  11135306c07f  ana  NOW',
        '1        champion  rmse 0.23           7feb4c64128c  ana  NOW',
        '',
        'house-price/1',
        '  added        NOW by ana',
        '  aliases      champion',
        '  note         the first',
        '  metric rmse  0.23',
        '  param alpha  1',
        '  size         1.1 KiB',
        '  sha256       SHA256',
        '',
        'Estimator',
        '  Pipeline · 4 features',
        '  ├─ standardscaler  StandardScaler · 4 features',
        '  └─ linearregression  LinearRegression · 4 features',
        '',
        'Methods  predict',
        'Features',
        '  area_m2      number',
        '  rooms        number',
        '  age_years    number',
        '  distance_km  number',
        '',
      ].join('\n'),
    );
    assert.match(ok(loadline(['models', 'show', 'house-price/latest'])), /^house-price\/2$/m);
  });

  test('diff shows what differs between versions, and between a version and a file', () => {
    assert.equal(
      ok(loadline(['models', 'diff', 'house-price/1', 'house-price/2'])),
      [
        'house-price/1 → house-price/2',
        '  ~ metric rmse            0.23 → 0.21   −8.70 %',
        '  + metric mae             0.1',
        '  ~ estimator              Pipeline → LinearRegression',
        '  - step standardscaler    StandardScaler',
        '  - step linearregression  LinearRegression',
        '  - feature area_m2        number',
        '  - feature rooms          number',
        '  - feature age_years      number',
        '  - feature distance_km    number',
        '  + feature a              number',
        '  + feature b              number',
        '  + feature c              number',
        '  + feature d              number',
        '  ~ sha256                 7feb4c64128c → 11135306c07f',
        '  ~ size                   1.1 KiB → 766 B',
        '  ~ note                   the first → by columns',
        '  - param alpha            1',
        '  + tag team               prices',
        '  5 facts are the same',
        '',
      ].join('\n'),
    );
    assert.match(
      ok(loadline(['models', 'diff', HOUSES, 'house-price@champion'])),
      /^ {2}\+ note {9}the first$/m,
    );
    assert.match(ok(loadline(['models', 'diff', HOUSES, HOUSES])), /no difference/);
  });

  test('promote shows what changes; a rehearsal changes nothing', () => {
    const args = ['models', 'promote', 'house-price/2', '--why', 'lower error', ...by];
    const rehearsal = ok(loadline([...args, '--dry-run']));
    assert.match(rehearsal, /champion: 1 → 2 {3}dry run\n {4}~ metric rmse {12}0\.23 → 0\.21 {3}−8\.70 %\n/);
    assert.match(rehearsal, /! the signature differs: requests made for 1 may not fit 2\n/);
    assert.match(rehearsal, /dry run: nothing was changed\n$/);
    assert.match(ok(loadline(['models', 'list'])), /champion → 1/);
    assert.match(
      ok(loadline(args)),
      /✓ champion was 1, now 2; running servers with --watch follow within their poll interval\n\n {2}Undo it {3}loadline models rollback house-price\n$/,
    );
    assert.match(ok(loadline(args)), /^ {2}✓ champion is at 2 already\n$/);
  });

  test('a file, a version and an alias predict alike', () => {
    const rows = JSON.stringify([[120, 4, 12, 5.5]]);
    const answer = (model: string): unknown =>
      JSON.parse(loadline(['predict', model, '--input', '-'], rows).stdout);
    assert.deepEqual(answer('house-price/1'), answer(HOUSES));
    assert.deepEqual(answer('house-price@champion'), answer(COLUMNS));
    assert.notDeepEqual(answer(HOUSES), answer(COLUMNS));
  });

  test('rollback goes back one step, and then there is no other', () => {
    const args = ['models', 'rollback', 'house-price', '--why', 'wrong columns', ...by];
    assert.match(ok(loadline(args)), /✓ champion was 2, now 1; running servers/);
    const none = loadline(args);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /LL7014[\s\S]*--to/);
    const typo = loadline([...args, '--alias', 'chmpion']);
    assert.equal(typo.code, 4);
    assert.match(typo.stderr, /LL7001[\s\S]*champion/);
    assert.match(ok(loadline([...args, '--to', '2'])), /champion was 1, now 2/);
    assert.match(ok(loadline([...args, '--to', '1'])), /champion was 2, now 1/);
  });

  test('history says who moved what from where to where, when and why', () => {
    ok(loadline(['models', 'tag', 'house-price/2', 'reviewed=yes', 'team-']));
    const lines = ok(loadline(['models', 'history', 'house-price'])).split('\n');
    // The user of this machine set the tags.
    assert.match(lines[1] ?? '', /^NOW +tag team of 2 +prices → none +\S+$/);
    assert.match(lines[2] ?? '', /^NOW +tag reviewed of 2 +yes +\S+$/);
    assert.deepEqual(
      lines.slice(3).map((line) => line.replace(/ {2,}/g, '  ')),
      [
        'NOW  alias champion  2 → 1 (rollback)  ana  wrong columns',
        'NOW  alias champion  1 → 2 (rollback)  ana  wrong columns',
        'NOW  alias champion  2 → 1 (rollback)  ana  wrong columns',
        'NOW  alias champion  1 → 2  ana  lower error',
        'NOW  version 2  added  ana  by columns',
        'NOW  alias champion  → 1  ana  the first',
        'NOW  version 1  added  ana  the first',
        'NOW  model  ana  created',
        '',
      ],
    );
    const { stderr } = loadline(['models', 'history', 'house-price', '--last', '1']);
    assert.match(stderr, /and 9 before: --last 10/);
  });

  test('tags say what they were', () => {
    assert.match(ok(loadline(['models', 'tag', 'house-price/2', 'reviewed=no'])), /reviewed was yes, is no/);
    assert.match(ok(loadline(['models', 'tag', 'house-price/2', 'reviewed=no'])), /reviewed is no already/);
    assert.match(
      ok(loadline(['models', 'tag', 'house-price', 'owner=ana=b'])),
      /house-price {3}owner is ana=b/,
    );
  });

  test('export and import bring a model to another store, all of it', () => {
    assert.match(ok(loadline(['models', 'export', 'house-price', 'hp.tar'])), /2 versions/);
    assert.match(
      ok(loadline(['models', 'import', 'hp.tar', '--store', 'other'])),
      /house-price {3}versions 1, 2/,
    );
    const before = ok(loadline(['models', 'list']));
    assert.equal(ok(loadline(['models', 'list', '--store', 'other'])), before);
    assert.equal(ok(loadline(['models', 'list'], '', { LOADLINE_STORE: 'other' })), before);
    const again = loadline(['models', 'import', 'hp.tar', '--store', 'other']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /versions 1, 2 are taken/);
    assert.match(ok(loadline(['models', 'export', 'house-price/2', 'two.tar'])), /1 version/);
    ok(loadline(['models', 'import', 'two.tar', '--name', 'prices', '--store', 'other']));
    assert.match(ok(loadline(['models', 'list', '--store', 'other'])), /^prices +2 /m);
  });

  test('gc deletes what is asked for, and neither what an alias is at nor without a yes', () => {
    const used = loadline(['models', 'gc', 'house-price/2', 'house-price/1', '--yes']);
    assert.equal(used.code, 1);
    assert.match(
      used.stderr,
      /LL7011[\s\S]*house-price\/1: the alias champion is at it; nothing was deleted/,
    );
    const asked = loadline(['models', 'gc', 'house-price/2']);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /Delete 1 version\? .*--yes/);
    assert.match(
      ok(loadline(['models', 'gc', '--keep', '0', '--dry-run'])),
      /- house-price\/2[\s\S]*= house-price\/1[\s\S]*dry run/,
    );
    assert.match(ok(loadline(['models', 'list'])), /2 {9}NOW/);
    assert.match(
      ok(loadline(['models', 'gc', 'house-price/2', '--yes', '--why', 'unused', ...by])),
      /✓ deleted 1 version/,
    );
    assert.match(ok(loadline(['models', 'history', 'house-price'])), /version 2 +deleted +ana +unused/);
    // The number stays used.
    assert.match(ok(loadline(['models', 'add', COLUMNS, '--name', 'house-price'])), /house-price\/3/);
  });
});

test('every answer is one JSON object for scripts', () => {
  const { loadline } = commandLine();
  const answer = (...args: string[]): Record<string, unknown> => {
    const { code, stdout, stderr } = loadline(['models', ...args, '--json']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const added = answer('add', HOUSES, '--name', 'h', '--metric', 'rmse=0.5', '--alias', 'champion');
  assert.equal(added.apiVersion, 'loadline/v1');
  assert.equal(added.version, '1');
  assert.match(String(added.createdAt), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(added.alias, { name: 'h', alias: 'champion', from: null, to: '1' });
  answer('add', COLUMNS, '--name', 'h');
  const moved = answer('promote', 'h/2', '--why', 'better', '--by', 'ben');
  assert.deepEqual(
    [moved.kind, moved.how, moved.from, moved.to, moved.by, moved.why, moved.dryRun],
    ['AliasMove', 'promote', '1', '2', 'ben', 'better', false],
  );
  assert.ok(
    (moved.changes as { field: string; change: string }[]).some(({ field }) => field === 'metric rmse'),
  );
  const kinds: readonly (readonly [string, readonly string[]])[] = [
    ['Models', ['list']],
    ['Model', ['show', 'h']],
    ['ModelDiff', ['diff', 'h/1', 'h/2']],
    ['ModelHistory', ['history', 'h']],
    ['AliasMove', ['rollback', 'h']],
    ['ModelTags', ['tag', 'h/1', 'a=b']],
    ['ModelExport', ['export', 'h', 'h.tar']],
    ['ModelImport', ['import', 'h.tar', '--name', 'again']],
    ['ModelGc', ['gc', '--keep', '5']],
  ];
  for (const [kind, args] of kinds) {
    const found = answer(...args);
    assert.equal(found.kind, kind);
    assert.equal(found.apiVersion, 'loadline/v1');
  }
});

describe('mistakes', () => {
  const { folder, loadline, file } = commandLine();
  ok(loadline(['models', 'add', HOUSES, '--name', 'house-price', '--alias', 'champion']));

  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['show house-prce', 4, /LL7001[\s\S]*house-price/],
    ['show house-price/7', 4, /no version 7: it has 1/],
    ['show house-price@champoin', 4, /no alias "champoin", perhaps champion: it has champion → 1/],
    ['promote house-price/9', 4, /no version 9/],
    ['promote house-price', 2, /house-price\/3/],
    ['promote house-price/1 --alias latest', 2, /LL7010/],
    ['promote house-price/1 --alias v2', 2, /LL7010/],
    ['rollback house-price', 1, /LL7014/],
    ['rollback house-price/1', 2, /--to/],
    ['rollback house-price --to 4', 4, /no version 4/],
    ['diff house-price/1 none.pkl', 4, /none\.pkl/],
    ['history nothing', 4, /LL7001/],
    ['tag house-price/1 novalue', 2, /key=value/],
    ['export house-price', 2, /missing required argument 'file'/],
    ['import none.tar', 4, /none\.tar/],
    ['gc house-price', 2, /house-price\/3/],
    ['gc models:/house-price/1', 2, /MLflow/],
    ['list house-price', 2, /models show house-price/],
    ['show runs:/a/b', 2, /LL7016/],
    ['add none.pkl --name house-price', 4, /none\.pkl/],
    [`add ${HOUSES}`, 2, /--name/],
    [`add ${HOUSES} --name a/b/c`, 2, /LL7016/],
    [`add ${HOUSES} --name house-price/2`, 2, /without a version/],
    [`add ${HOUSES} --name h --metric rmse`, 2, /--metric wants NAME=VALUE, found "rmse"/],
    [`add ${HOUSES} --name h --metric rmse=low`, 2, /--metric rmse wants a number, found "low"/],
    ['rolback house-price', 2, /unknown command 'rolback'\n\(Did you mean rollback\?\)/],
    ['list --stor x', 2, /--store/],
  ];

  for (const [line, exit, message] of cases) {
    test(`models ${line.replace(HOUSES, 'model.pkl')}`, () => {
      const { code, stdout, stderr } = loadline(['models', ...line.split(' ')]);
      assert.equal(code, exit, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    });
  }

  test('none of them changed anything', () => {
    assert.match(ok(loadline(['models', 'list'])), /^NAME.*\nhouse-price +1 +champion → 1 +1 +NOW\n$/);
  });

  test('a malicious file never becomes a version', () => {
    const marker = join(folder, 'executed');
    const evil = file('evil.pkl', Buffer.from(`cposix\nsystem\n(S'touch ${marker}'\ntR.`, 'latin1'));
    const { code, stderr } = loadline(['models', 'add', evil, '--name', 'house-price']);
    assert.equal(code, 5);
    assert.match(stderr, /LL3005/);
    assert.ok(!existsSync(marker));
    assert.match(ok(loadline(['models', 'show', 'house-price'])), /1 version /);
  });

  test('a folder that is something else is no store, and is left as it was', () => {
    const { code, stderr } = loadline(['models', 'add', HOUSES, '--name', 'h', '--store', ROOT]);
    assert.equal(code, 1);
    assert.match(stderr, /LL7008/);
    assert.ok(!existsSync(join(ROOT, 'catalog.db')));
  });
});

test('models alone and its help show the commands', () => {
  const { loadline } = commandLine();
  for (const args of [['models'], ['models', '--help']]) {
    const text = ok(loadline(args));
    for (const command of [
      'add',
      'list',
      'show',
      'diff',
      'history',
      'promote',
      'rollback',
      'tag',
      'gc',
      'compare',
    ]) {
      assert.match(text, new RegExp(`^ {2}${command} `, 'm'));
    }
  }
  assert.match(ok(loadline([])), /^Versions\n {2}models /m);
});

test('the shell completes commands, options, names, versions and aliases', () => {
  const { loadline } = commandLine();
  ok(loadline(['models', 'add', HOUSES, '--name', 'house-price', '--alias', 'champion']));
  const complete = (...words: string[]): string => loadline(['complete', '--', ...words]).stdout;
  assert.match(complete('models', 'pro'), /^promote\t/m);
  assert.match(complete('models', 'promote', 'h'), /^house-price\/1\tchampion$/m);
  assert.match(complete('models', 'history', ''), /^house-price\t/m);
  assert.match(complete('models', 'rollback', 'house-price', '--alias', ''), /^champion\t/m);
  assert.match(complete('models', 'promote', '--wh'), /^--why\t/m);
  assert.match(complete('predict', 'ho'), /^house-price\/1\t/m);
  assert.doesNotMatch(complete('models', 'history', '', '--store', 'none', ''), /house-price/);
});

describe('compare', () => {
  const { loadlineBeside } = commandLine();
  const metrics = readFileSync(new URL('compare-metrics.txt', import.meta.url), 'utf8');

  async function serving<T>(status: number, body: string, work: (url: string) => Promise<T>): Promise<T> {
    const server = createServer((request, response) => {
      const known = request.url === '/metrics' && request.headers.authorization !== 'Bearer wrong-key';
      response.writeHead(known ? status : 401).end(known ? body : '');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  }

  test('canary and shadow side by side, and a sentence for each', async () => {
    await serving(200, metrics, async (url) => {
      const text = ok(await loadlineBeside(['models', 'compare', '--url', `${url}/`]));
      assert.equal(
        text.replaceAll(url, 'URL'),
        [
          'house-price   URL',
          '',
          'VERSION  ROLE      REQUESTS  ROWS    ERRORS     P50      P99',
          '3        champion  10,000    20,000  100 (1 %)  0.51 ms  1.5 ms',
          '4        canary    1,000     1,000   50 (5 %)   1.5 ms   2 ms',
          '',
          'shadow 5 against 3',
          '  agreement   98 % of 1,000 rows',
          '  difference  half up to 0.5 %, 95 % up to 0.95 %, 99 % up to 0.99 % of the number',
          '  latency     -0.5 ms at the median, -10 µs at p99',
          '  left out    7 rows for lack of time, 0 that it could not answer',
          '',
          'Canary 4 fails more often than 3: 5 % against 1 %; its p99 is 2 ms, that of 3 1.5 ms.',
          'Shadow 5 agrees with 3 on 98 % of 1,000 rows; half of its numbers differ by more than 0.5 %; it takes 0.5 ms less at the median.',
          '',
        ].join('\n'),
      );
      const json = await loadlineBeside(['models', 'compare', 'house-price', '--url', url, '--json']);
      const { kind, models } = JSON.parse(json.stdout) as {
        kind: string;
        models: { compared: { agreeing: number }[] }[];
      };
      assert.equal(kind, 'ModelComparison');
      assert.equal(models[0]?.compared[0]?.agreeing, 980);
    });
  });

  test('a model that the server does not have', async () => {
    await serving(200, metrics, async (url) => {
      const { code, stderr } = await loadlineBeside(['models', 'compare', 'house-prise', '--url', url]);
      assert.equal(code, 4);
      assert.match(stderr, /perhaps house-price/);
    });
  });

  const failures: readonly (readonly [string, number, string, Record<string, string>, RegExp])[] = [
    ['a wrong key', 200, '', { LOADLINE_API_KEY: 'wrong-key' }, /LOADLINE_API_KEY/],
    ['an answer that is no metrics', 200, '<html>\n', {}, /line 1/],
    ['an error', 503, '', {}, /it answered 503/],
  ];
  for (const [what, status, body, env, message] of failures) {
    test(`${what} is told`, async () => {
      await serving(status, body, async (url) => {
        const { code, stderr } = await loadlineBeside(['models', 'compare', '--url', url], env);
        assert.equal(code, 1);
        assert.match(stderr, /LL7017/);
        assert.match(stderr, message);
      });
    });
  }

  test('a running server counts what compare reads', async () => {
    const { folder, loadline, loadlineBeside: beside } = commandLine();
    ok(loadline(['models', 'add', HOUSES, '--name', 'house-price', '--alias', 'champion']));
    ok(loadline(['models', 'add', HOUSES, '--name', 'house-price']));
    const args = ['serve', 'house-price@champion', '--shadow', 'house-price/2', '--port', '0', '--json'];
    const server = spawn(process.execPath, [`${ROOT}bin/loadline.js`, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
      const { url } = JSON.parse(line) as { url: string };
      const features = Array.from({ length: 200 }, (_, i) => [i, 4, 12, 5.5]);
      const answered = await fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ features }) });
      assert.equal(answered.status, 200);
      const comparison = async (): Promise<ModelComparison | undefined> => {
        const { stdout } = await beside(['models', 'compare', '--url', url, '--json']);
        return (JSON.parse(stdout) as { models: ModelComparison[] }).models[0];
      };
      let found = await comparison();
      // The shadow is asked after the answer has gone.
      while (found?.compared[0]?.rows !== 200) {
        found = await comparison();
      }
      const { version, against, agreeing, failed, dropped } = found.compared[0];
      assert.deepEqual(
        { version, against, agreeing, failed, dropped },
        { version: '2', against: '1', agreeing: 200, failed: 0, dropped: 0 },
      );
      const champion = found.traffic.find(({ role }) => role === 'champion');
      assert.deepEqual(
        [champion?.version, champion?.requests, champion?.rows, champion?.errors],
        ['1', 1, 200, 0],
      );
      assert.ok((champion?.p99 ?? 0) > 0);
      assert.match(found.verdicts[0] ?? '', /^Shadow 2 agrees with 1 on 100 % of 200 rows/);
    } finally {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
  });

  test('no server at all', async () => {
    // The port of a server that was closed just now.
    const url = await serving(200, '', async (gone) => gone);
    const { code, stderr } = await loadlineBeside(['models', 'compare', '--url', url]);
    assert.equal(code, 1);
    assert.match(stderr, /LL7017[\s\S]*ECONNREFUSED/);
  });
});
