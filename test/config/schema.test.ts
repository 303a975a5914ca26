/** The JSON Schema that editors take, judged by the jsonschema package of Python beside Loadline's own reader. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/config.ts';

const root = new URL('../../', import.meta.url).pathname;
const python = process.env.LOADLINE_TEST_PYTHON;
const skip =
  python === undefined
    ? 'LOADLINE_TEST_PYTHON is not set: `make test` installs jsonschema and sets it'
    : false;

const HEAD = 'apiVersion: loadline/v1\n';
const ONE = `${HEAD}models: [{ source: m.pkl }]\n`;

const GOOD = [
  readFileSync(`${root}examples/loadline.yaml`, 'utf8'),
  ONE,
  `${HEAD}models: [{ source: a@b, watch: true, versions: [1, "2"], canary: { version: 3, share: 10% }, shadow: { source: b@c } }]`,
  `${ONE}server: { host: "::1", port: 0, workers: auto, dialect: mlflow, drain: 2m, keysFile: k, keyRate: 5, allowAnonymous: true, maxBody: 5, maxQueue: 1.5s, logLevel: info, accessLog: 1, limits: { ratio: 5, fileBytes: 1Gi }, store: s, trackingUri: "http://h:1" }`,
  `${ONE}deploy: { name: a, image: "r/a:v1", namespace: b, replicas: 0, resources: { requests: { cpu: 0.5, memory: 1Gi }, limits: { cpu: 500m } }, scale: { min: 1, max: 2, cpu: 70, requestsPerPod: 3.5, p95: 50ms }, service: { type: NodePort, port: 80 }, env: { A: "1" }, secrets: { apiKeys: a, imagePull: b, mlflow: c }, probes: { period: 5s, timeout: 1s, failures: 3 }, monitoring: { enabled: true } }`,
];

const BAD = [
  'apiVersion: loadline/v2\nmodels: [{ source: m.pkl }]',
  'models: [{ source: m.pkl }]',
  HEAD,
  `${HEAD}models: []`,
  `${HEAD}models: [m.pkl]`,
  `${HEAD}models: [{ name: a }]`,
  `${HEAD}models: [{ source: "" }]`,
  `${HEAD}models: [{ source: a, name: ".." }]`,
  `${HEAD}models: [{ source: a, watch: 5 }]`,
  `${HEAD}models: [{ source: a, canary: { source: b } }]`,
  `${HEAD}models: [{ source: a, canary: { source: b, share: 10 } }]`,
  `${HEAD}models: [{ source: a@b, versions: [0] }]`,
  `${ONE}extra: 1`,
  `${ONE}server: { prot: 1 }`,
  `${ONE}server: { port: "1" }`,
  `${ONE}server: { port: 65536 }`,
  `${ONE}server: { workers: many }`,
  `${ONE}server: { maxBody: 16MB }`,
  `${ONE}server: { limits: { raito: 1 } }`,
  `${ONE}server: { trackingUri: "file:/tmp" }`,
  `${ONE}deploy: { name: Upper }`,
  `${ONE}deploy: { env: { a-b: "1" } }`,
  `${ONE}deploy: { env: { A: 1 } }`,
  `${ONE}deploy: { resources: { limits: { cpu: 0 } } }`,
  `${ONE}deploy: { service: { type: Ingress } }`,
];

const JUDGE = `
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
print(json.dumps([validator.is_valid(file) for file in json.load(sys.stdin)]))
`;

test('the JSON Schema takes and refuses what the reader does', { skip }, () => {
  const files = [...GOOD, ...BAD];
  const verdicts = JSON.parse(
    execFileSync(python ?? '', ['-c', JUDGE, `${root}docs/loadline.schema.json`], {
      input: JSON.stringify(files.map((text) => parse(text))),
      encoding: 'utf8',
    }),
  ) as boolean[];
  for (const [i, text] of files.entries()) {
    const wanted = i < GOOD.length;
    assert.equal(verdicts[i], wanted, `jsonschema on ${text}`);
    const read = (): unknown => parseConfig(text, 'loadline.yaml', '/srv');
    wanted ? assert.doesNotThrow(read) : assert.throws(read, { code: 'LL1010' }, text);
  }
});
