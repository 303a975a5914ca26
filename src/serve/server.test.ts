import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Logger } from '../log.ts';
import type { Model } from '../model/model.ts';
import type { ServeOptions } from './core.ts';
import { greaterModel, houseModel } from './fixtures/models.ts';
import { soleModel } from './roster/open.ts';
import { createService, type Service } from './server.ts';

// The model is made by hand (fixtures/models.ts): 6.9 is its answer for the row 1, 1, 2, 3.
const BODY = '{"features": [1, 1, 2, 3]}';
const ANSWER = '{"prediction":[6.9]}';

const running: Service[] = [];
after(() => Promise.all(running.map((service) => service.close())));

async function start(
  options: Partial<ServeOptions> = {},
): Promise<{ service: Service; url: string; port: number }> {
  const service = createService({
    roster: soleModel(houseModel(true), 'm'),
    software: '0.1.0',
    port: 0,
    ...options,
  });
  running.push(service);
  const { url, port } = await service.listen();
  return { service, url, port };
}

const shared = await start();

/** A connection that collects what it is sent. */
interface Line {
  readonly socket: Socket;
  send(text: string | Uint8Array): void;
  /** Everything so far, once it has the pattern. */
  until(pattern: RegExp): Promise<string>;
  /** Everything, once the other side has closed. */
  ended(): Promise<string>;
}

function dial(port: number): Line {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let closed = false;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const calls = waiting;
    waiting = [];
    for (const call of calls) {
      call();
    }
  };
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
    wake();
  });
  const wait = async (done: () => boolean): Promise<string> => {
    const end = performance.now() + 10_000;
    while (!done()) {
      assert.ok(!closed && performance.now() < end, `${closed ? 'closed' : 'nothing came'} after: ${text}`);
      await Promise.race([
        new Promise<void>((resolve) => waiting.push(resolve)),
        sleep(1000, undefined, { ref: false }),
      ]);
    }
    return text;
  };
  return {
    socket,
    send: (data) => {
      socket.write(data);
    },
    until: (pattern) => wait(() => pattern.test(text)),
    async ended() {
      await new Promise<void>((resolve) => {
        if (closed) {
          resolve();
        } else {
          socket.once('close', () => resolve());
        }
      });
      return text;
    },
  };
}

function post(body: string, headers = '', path = '/predict'): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}

describe('one request', () => {
  test('over fetch', async () => {
    const response = await fetch(`${shared.url}/predict`, { method: 'POST', body: BODY });
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.headers.get('content-length'), String(ANSWER.length));
    assert.equal(await response.text(), ANSWER);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => fetch(`${shared.url}/openapi.json`, { method })),
    );
    assert.equal(head!.headers.get('content-length'), get!.headers.get('content-length'));
    assert.equal(await head!.text(), '');
    assert.ok((await get!.text()).length > 100);
  });

  test('OPTIONS has no body', async () => {
    const line = dial(shared.port);
    line.send('OPTIONS /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const text = await line.ended();
    assert.match(text, /^HTTP\/1\.1 204 /);
    assert.match(text, /\r\nallow: POST, OPTIONS\r\n/);
    assert.ok(text.endsWith('\r\n\r\n'));
  });

  test('a body byte by byte, with characters of several bytes', async () => {
    const { port } = await start({ roster: soleModel(greaterModel(['ñein', 'sí']), 'm') });
    const body = Buffer.from('{"features": [[2, 1], [1, 2]], "probabilities": false}');
    const line = dial(port);
    line.send(`POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
    for (const byte of body) {
      line.send(Uint8Array.of(byte));
      await sleep(0);
    }
    const text = await line.until(/\]\}$/);
    assert.ok(Buffer.from(text, 'latin1').toString().endsWith('{"prediction":["sí","ñein"]}'));
    assert.match(text, /content-length: 30\r\n/);
  });

  test('a chunked body', async () => {
    const line = dial(shared.port);
    line.send('POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (const part of [BODY.slice(0, 5), BODY.slice(5)]) {
      line.send(`${part.length.toString(16)}\r\n${part}\r\n`);
      await sleep(5);
    }
    line.send('0\r\n\r\n');
    assert.ok((await line.until(/\]\}$/)).endsWith(ANSWER));
  });

  test('HTTP/1.0 closes', async () => {
    const line = dial(shared.port);
    line.send(`POST /predict HTTP/1.0\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`);
    assert.ok((await line.ended()).endsWith(ANSWER));
  });
});

describe('one connection', () => {
  test('is kept', async () => {
    const line = dial(shared.port);
    line.send(post(BODY));
    await line.until(/\]\}$/);
    line.send(post(BODY));
    assert.equal((await line.until(/\]\}HTTP[\s\S]*\]\}$/)).split(ANSWER).length, 3);
    line.socket.destroy();
  });

  test('is closed when nobody uses it, but not while a request is in progress', async () => {
    const { port } = await start({ keepAliveMs: 300 });
    const idle = dial(port);
    idle.send(post(BODY));
    await idle.until(/\]\}$/);
    const busy = dial(port);
    busy.send(post(BODY));
    await busy.until(/\]\}$/);
    busy.send(
      `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 5)}`,
    );
    const from = performance.now();
    await idle.ended();
    assert.ok(performance.now() - from > 200);
    await sleep(300);
    busy.send(BODY.slice(5));
    assert.equal((await busy.until(/\]\}HTTP[\s\S]*\]\}$/)).split(ANSWER).length, 3);
    await busy.ended();
  });

  test('pipelined requests are answered in order, whatever they are', async () => {
    const line = dial(shared.port);
    const last = 'GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    line.send(
      [
        post(BODY),
        'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
        post('{"features": [0, 0, 0, 0]}'),
        'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n',
        post('{"instances": [[1, 1, 2, 3]]}', '', '/v1/models/m:predict'),
        last,
      ].join(''),
    );
    const text = await line.ended();
    const order = [
      '{"prediction":[6.9]}',
      '# HELP',
      '{"prediction":[4]}',
      'LL2011',
      '{"predictions":[6.9]}',
      '{"live":true}',
    ];
    const places = order.map((part) => text.indexOf(part));
    assert.ok(
      places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]!)),
      text,
    );
    assert.equal(text.split('HTTP/1.1 ').length, order.length + 1);
  });

  test('goes on after a refusal of the headers, whose body is dropped', async () => {
    const line = dial(shared.port);
    line.send(post('x'.repeat(50_000), 'Content-Type: text/csv\r\n'));
    line.send(post(BODY));
    const text = await line.until(/\]\}$/);
    assert.match(text, /^HTTP\/1\.1 415 /);
    assert.ok(text.endsWith(ANSWER));
    line.socket.destroy();
  });
});

describe('too large', () => {
  const limit = 10_000;

  test('by Content-Length, to a client that sends all of it first', async () => {
    const { url } = await start({ maxBodyBytes: limit });
    const response = await fetch(`${url}/predict`, { method: 'POST', body: 'x'.repeat(5_000_000) });
    assert.equal(response.status, 413);
    assert.equal(((await response.json()) as { code: string }).code, 'LL2009');
  });

  test('while it comes in', async () => {
    const { port } = await start({ maxBodyBytes: limit });
    const line = dial(port);
    line.send('POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const part = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
    for (let i = 0; i < 20; i++) {
      line.send(part);
      await sleep(1);
    }
    assert.match(
      await line.until(/\}$/),
      /^HTTP\/1\.1 413 [\s\S]*Connection: close[\s\S]*\{"error":"The body is too large/i,
    );
    line.send('0\r\n\r\n');
    await line.ended();
  });

  test('a client that goes on sending for ever is cut off', async () => {
    const { port } = await start({ maxBodyBytes: limit });
    const line = dial(port);
    line.send('POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const timer = setInterval(() => line.send(`1000\r\n${'x'.repeat(0x1000)}\r\n`), 2);
    const from = performance.now();
    assert.match(await line.ended(), /^HTTP\/1\.1 413 /);
    clearInterval(timer);
    assert.ok(performance.now() - from < 8000);
  });

  test('exactly the limit is not', async () => {
    const { url } = await start({ maxBodyBytes: BODY.length });
    assert.equal((await fetch(`${url}/predict`, { method: 'POST', body: BODY })).status, 200);
    assert.equal((await fetch(`${url}/predict`, { method: 'POST', body: `${BODY} ` })).status, 413);
  });

  test('many slow uploads together are refused beyond what the memory is for, and free it when they go', async () => {
    const { url, port } = await start({ maxBodyBytes: 1000 });
    // Sixteen bodies of the largest size may be under way; each of these holds 900 bytes of its 1,000.
    const lines = Array.from({ length: 25 }, () => dial(port));
    for (const line of lines) {
      line.send('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
    }
    await sleep(50);
    for (const line of lines) {
      line.send(' '.repeat(899));
    }
    const refused = await Promise.all(
      lines.map((line) => Promise.race([line.until(/ 429 /), sleep(500, null)])),
    );
    const count = refused.filter((text) => text !== null).length;
    assert.ok(count >= 5 && count <= 9, `${count} of 25 refused`);
    for (const line of lines) {
      line.socket.destroy();
    }
    await sleep(50);
    const spread = dial(port);
    spread.send(
      `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 5)}`,
    );
    await sleep(10);
    spread.send(BODY.slice(5));
    assert.ok((await spread.until(/\]\}$/)).endsWith(ANSWER));
    spread.socket.destroy();
    assert.equal((await fetch(`${url}/predict`, { method: 'POST', body: BODY })).status, 200);
  });
});

describe('Expect: 100-continue', () => {
  test('is answered, then the request', async () => {
    const line = dial(shared.port);
    line.send(
      `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    assert.equal(await line.until(/\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n');
    line.send(BODY);
    assert.ok((await line.until(/\]\}$/)).endsWith(ANSWER));
    line.socket.destroy();
  });

  for (const [name, headers, status] of [
    ['a body that is too large', 'Content-Length: 99999999', 413],
    ['a type that is not read', 'Content-Length: 5\r\nContent-Type: text/csv', 415],
  ] as const) {
    test(`${name} is refused before it is sent`, async () => {
      const line = dial(shared.port);
      line.send(`POST /predict HTTP/1.1\r\nHost: x\r\n${headers}\r\nExpect: 100-continue\r\n\r\n`);
      assert.match(await line.ended(), new RegExp(`^HTTP/1.1 ${status} `));
    });
  }
});

describe('what is no request', () => {
  for (const [name, text, status] of [
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    [
      'two lengths',
      `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      400,
    ],
    [
      'length and chunks',
      'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    test(name, async () => {
      const line = dial(shared.port);
      line.send(text);
      assert.match(await line.ended(), new RegExp(`^HTTP/1.1 ${status} `));
    });
  }

  test('a client that leaves in the middle of a body leaves nothing behind', async () => {
    const { url, port } = await start();
    for (let i = 0; i < 20; i++) {
      const line = dial(port);
      line.send('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"features"');
      await sleep(5);
      line.socket.destroy();
    }
    assert.match(await (await fetch(`${url}/metrics`)).text(), /^loadline_requests_in_flight 0$/m);
  });
});

describe('compression of V2 answers', () => {
  const rows = (n: number): string =>
    JSON.stringify({
      id: 'x',
      inputs: [
        { name: 'x', shape: [n, 4], datatype: 'FP64', data: Array.from({ length: 4 * n }, (_, i) => i / 7) },
      ],
    });
  const raw = async (
    body: string,
    headers: string,
    path = '/v2/models/m/infer',
  ): Promise<[string, Buffer]> => {
    const line = dial(shared.port);
    line.send(post(body, `Connection: close\r\n${headers}`, path));
    const text = await line.ended();
    const end = text.indexOf('\r\n\r\n');
    return [text.slice(0, end), Buffer.from(text.slice(end + 4), 'latin1')];
  };

  test('a large answer to who asks for it', async () => {
    const [, plain] = await raw(rows(10_000), '');
    const [head, packed] = await raw(rows(10_000), 'Accept-Encoding: gzip, deflate\r\n');
    assert.match(head, /content-encoding: gzip\r\n/);
    assert.ok(packed.length < plain.length / 2);
    assert.deepEqual(gunzipSync(packed), plain);
  });
  test('not a small one, not without being asked, not elsewhere', async () => {
    assert.doesNotMatch((await raw(rows(10), 'Accept-Encoding: gzip\r\n'))[0], /content-encoding/);
    assert.doesNotMatch((await raw(rows(10_000), 'Accept-Encoding: identity\r\n'))[0], /content-encoding/);
    const features = JSON.stringify({ features: Array.from({ length: 10_000 }, (_, i) => [i / 7, 0, 0, 0]) });
    assert.doesNotMatch(
      (await raw(features, 'Accept-Encoding: gzip\r\n', '/predict'))[0],
      /content-encoding/,
    );
  });
  test('a compressed request', async () => {
    const response = await fetch(`${shared.url}/predict`, {
      method: 'POST',
      body: gzipSync(BODY),
      headers: { 'content-encoding': 'gzip' },
    });
    assert.equal(await response.text(), ANSWER);
  });
});

describe('life', () => {
  test('a taken port, an address that is not there, an open address', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, '127.0.0.1', resolve);
    });
    const { port } = holder.address() as { port: number };
    await assert.rejects(start({ port }), { code: 'LL1003', message: new RegExp(`127\\.0\\.0\\.1:${port}`) });
    await assert.rejects(start({ host: '192.0.2.1', allowAnonymous: true }), { code: 'LL1005' });
    await assert.rejects(start({ host: '0.0.0.0' }), { code: 'LL1004' });
    running.splice(-3);
    holder.close();
  });

  test('the URL of a server on every address is one that can be opened', async () => {
    const { url } = await start({ host: '0.0.0.0', allowAnonymous: true });
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  test('load, swap, unload', async () => {
    const { service, url } = await start({ roster: soleModel(null, 'm') });
    const ask = async (): Promise<[number, unknown]> => {
      const response = await fetch(`${url}/predict`, { method: 'POST', body: '{"features": [2, 1]}' });
      return [response.status, ((await response.json()) as { prediction?: unknown }).prediction];
    };
    assert.equal(service.state(), 'loading');
    assert.equal((await ask())[0], 503);
    service.swap(soleModel(greaterModel(['no', 'yes']), 'm'));
    assert.deepEqual(await ask(), [200, ['yes']]);
    service.swap(soleModel(greaterModel([0, 1]), 'm'));
    assert.deepEqual(await ask(), [200, [1]]);
    service.swap(soleModel(null, 'm'));
    assert.equal((await ask())[0], 503);
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
  });

  test('a batch that has begun keeps its model', async () => {
    const { service, url } = await start({ roster: soleModel(greaterModel(['old', 'old']), 'm') });
    // Slices are let go one by one: the model is swapped by the first request that comes between two of them.
    const slow = greaterModel(['old', 'OLD']);
    let calls = 0;
    const slowed: Model = {
      ...slow,
      fitted: {
        ...slow.fitted,
        predict(rows) {
          if (++calls === 2) {
            service.swap(soleModel(greaterModel(['new', 'NEW']), 'm'));
          }
          return slow.fitted.predict!(rows);
        },
      },
    };
    service.swap(soleModel(slowed, 'm'));
    const features = Array.from({ length: 1000 }, (_, i) => [i % 2, 0]);
    const response = await fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ features }) });
    const { prediction } = (await response.json()) as { prediction: string[] };
    assert.ok(calls > 2);
    assert.deepEqual(
      prediction,
      features.map(([x]) => (x === 1 ? 'OLD' : 'old')),
    );
    assert.equal(
      await (await fetch(`${url}/predict`, { method: 'POST', body: '{"features": [1, 0]}' })).text(),
      '{"prediction":["NEW"]}',
    );
  });

  test('drain: not ready, still serving and closing connections, then gone', async () => {
    const { service, url, port } = await start();
    const upload = dial(port);
    upload.send(
      `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 4)}`,
    );
    await sleep(20);
    const drained = service.drain(150);
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 503);
    const response = await fetch(`${url}/predict`, { method: 'POST', body: BODY });
    assert.equal(response.headers.get('connection'), 'close');
    assert.equal(await response.text(), ANSWER);
    await sleep(250);
    await assert.rejects(fetch(`${url}/healthz`));
    // What was in flight is finished.
    upload.send(BODY.slice(4));
    assert.ok((await upload.ended()).endsWith(ANSWER));
    await drained;
  });

  test('close ends at once', async () => {
    const { service, port } = await start();
    const line = dial(port);
    line.send('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
    await sleep(20);
    await service.close();
    assert.equal(await line.ended(), '');
  });
});

test('the access log is a sample by time, without queries and bodies', async () => {
  const lines: object[] = [];
  const logger = { info: (line: object) => lines.push(line), warn() {}, error() {} } as unknown as Logger;
  const { url } = await start({ logger, accessLogPerSecond: 3 });
  for (let i = 0; i < 5; i++) {
    await (await fetch(`${url}/predict?secret=${i}`, { method: 'POST', body: BODY })).text();
  }
  assert.equal(lines.length, 3);
  const { ms, ...rest } = lines[0] as { ms: number };
  assert.deepEqual(rest, { method: 'POST', path: '/predict', status: 200 });
  assert.ok(ms > 0 && ms < 10_000);
  const silent = await start({ logger });
  await (await fetch(`${silent.url}/healthz`)).text();
  assert.equal(lines.length, 3);
});

test('a defect is logged with its trace, which the client does not get', async () => {
  const logged: { err: Error }[] = [];
  const logger = {
    info() {},
    warn() {},
    error: (line: { err: Error }) => logged.push(line),
  } as unknown as Logger;
  const model = houseModel(true);
  const { url } = await start({
    logger,
    roster: soleModel(
      {
        ...model,
        fitted: {
          ...model.fitted,
          predict() {
            throw new TypeError('deep inside');
          },
        },
      },
      'm',
    ),
  });
  const response = await fetch(`${url}/predict`, { method: 'POST', body: BODY });
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /deep inside/);
  assert.match(String(logged[0]?.err.stack), /deep inside/);
});

test('the metrics text can come from elsewhere', async () => {
  const { url } = await start({ metricsText: async () => 'all_workers 2\n' });
  assert.equal(await (await fetch(`${url}/metrics`)).text(), 'all_workers 2\n');
});

test('headers are waited for only so long, and an idle connection is no slow one', {
  timeout: 30_000,
}, async () => {
  const line = dial(shared.port);
  line.send('POST /predict HTTP/1.1\r\nHost: x\r\n');
  const idle = dial(shared.port);
  idle.send(post(BODY));
  await idle.until(/\]\}$/);
  const from = performance.now();
  assert.match(await line.ended(), /^HTTP\/1\.1 408 /);
  assert.ok(performance.now() - from > 8000);
  idle.send(post(BODY));
  await idle.until(/\]\}HTTP[\s\S]*\]\}$/);
  idle.socket.destroy();
});
