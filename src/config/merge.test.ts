import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeOptions } from './merge.ts';

test('a flag counts before the environment, the environment before the file', () => {
  const { options, env, origins } = mergeOptions(
    {
      port: '1',
      store: '/file',
      keysFile: '/keys',
      workers: '3',
      allowAnonymous: true,
      trackingUri: 'http://file',
    },
    { port: '2', json: true, name: undefined },
    { LOADLINE_STORE: '/env', LOADLINE_API_KEYS: 'key', MLFLOW_TRACKING_URI: 'http://env' },
  );
  assert.deepEqual(options, { port: '2', json: true, workers: '3', allowAnonymous: true });
  assert.equal(env.MLFLOW_TRACKING_URI, 'http://env');
  assert.deepEqual(Object.fromEntries(origins), {
    port: 'flag',
    json: 'flag',
    store: 'environment',
    keysFile: 'environment',
    trackingUri: 'environment',
    workers: 'file',
    allowAnonymous: 'file',
  });
});

test('the file counts where nothing else is said, and an empty variable says nothing', () => {
  const { options, env, origins } = mergeOptions(
    { store: '/file', trackingUri: 'http://file' },
    {},
    { LOADLINE_STORE: '', HOME: '/home/ada' },
  );
  assert.deepEqual(options, { store: '/file' });
  assert.deepEqual(env, { LOADLINE_STORE: '', HOME: '/home/ada', MLFLOW_TRACKING_URI: 'http://file' });
  assert.equal(origins.get('store'), 'file');
  assert.equal(origins.get('port'), undefined);
});
