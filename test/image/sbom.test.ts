/** Bills of materials by CycloneDX's own schema. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serverBundle } from '../../src/image/bundle.ts';
import { examplePlan } from '../../src/image/fixtures/plan.ts';
import type { Digest } from '../../src/image/reference.ts';
import { renderSbom } from '../../src/image/render/sbom.ts';

const CHECK = fileURLToPath(new URL('./sbom.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'loadline-sbom-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function check(bill: Buffer | string): { readonly status: number | null; readonly words: string } {
  const python = process.env.LOADLINE_TEST_PYTHON;
  assert.ok(python, 'LOADLINE_TEST_PYTHON is not set: run `make test`, which installs CycloneDX and sets it');
  const path = join(folder, 'bill.json');
  writeFileSync(path, bill);
  const { status, stdout, stderr } = spawnSync(python, [CHECK, path], { encoding: 'utf8' });
  return { status, words: `${stdout}${stderr}` };
}

const imageDigest: Digest = `sha256:${'ab'.repeat(32)}`;

test('the bill of a real server bundle is valid CycloneDX 1.6', async () => {
  const { packages } = await serverBundle({
    env: process.env,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  assert.ok(packages.length > 0);
  const bill = renderSbom({
    plan: await examplePlan({ tag: 'ghcr.io/team/ml-model:v1' }),
    imageDigest,
    packages,
    node: { version: '24.21.0' },
    base: { name: 'gcr.io/distroless/nodejs24-debian12:nonroot', digest: `sha256:${'cd'.repeat(32)}` },
  });
  assert.deepEqual(check(bill), { status: 0, words: 'valid\n' });
});

test('so is one where little is known', async () => {
  const plan = await examplePlan({ tag: 'ml-model' });
  const bill = renderSbom({
    plan: { ...plan, model: { ...plan.model, sklearn: null, revision: null } },
    imageDigest,
    packages: [{ name: '@a/b', version: '1.0.0-rc.1+x', license: 'SEE LICENSE IN LICENSE.md' }],
    node: null,
    base: { name: 'my/base:1', digest: null },
  });
  assert.deepEqual(check(bill), { status: 0, words: 'valid\n' });
});

test('the check refuses what is not', async () => {
  const { status, words } = check('{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"x"}');
  assert.equal(status, 1);
  assert.match(words, /serialNumber|does not match/);
});
