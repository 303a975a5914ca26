/** That the bill is valid CycloneDX is in test/image, by CycloneDX's own schema. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examplePlan } from '../fixtures/plan.ts';
import type { Digest } from '../reference.ts';
import { renderSbom, type SbomInput } from './sbom.ts';

const DIGEST: Digest = `sha256:${'ab'.repeat(32)}`;

interface Bill {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: Record<string, unknown> };
  readonly components: readonly Record<string, unknown>[];
}

async function bill(change: Partial<SbomInput> = {}): Promise<{ bytes: Buffer; value: Bill }> {
  const bytes = renderSbom({
    plan: await examplePlan({ tag: 'ghcr.io/team/ml-model:v1', createdSec: 86_400 }),
    imageDigest: DIGEST,
    packages: [
      { name: '@bomb.sh/tab', version: '0.0.22', license: 'MIT' },
      { name: 'odd', version: '1.0.0', license: 'SEE LICENSE IN LICENSE.md' },
    ],
    node: { version: '24.21.0' },
    base: { name: 'gcr.io/distroless/nodejs24-debian12:nonroot', digest: `sha256:${'cd'.repeat(32)}` },
    ...change,
  });
  return { bytes, value: JSON.parse(bytes.toString()) as Bill };
}

function part(value: Bill, ref: string): Record<string, unknown> {
  const found = value.components.find((one) => one['bom-ref'] === ref);
  assert.ok(found !== undefined, `no ${ref}`);
  return found;
}

test('the bill names the image and all that is in it', async () => {
  const { value } = await bill();
  assert.equal(value.metadata.timestamp, '1970-01-02T00:00:00.000Z');
  // Python: uuid.uuid5(uuid.NAMESPACE_URL, 'sha256:' + 'ab' * 32)
  assert.equal(value.serialNumber, 'urn:uuid:9cee660b-b2ca-516a-b8b5-88e6d2e104a0');
  const image = value.metadata.component;
  assert.equal(image.name, 'ghcr.io/team/ml-model');
  assert.equal(image.version, 'v1');
  // By the purl specification's type oci.
  assert.equal(
    image.purl,
    `pkg:oci/ml-model@sha256:${'ab'.repeat(32)}?repository_url=ghcr.io/team/ml-model&tag=v1`,
  );
  assert.equal(part(value, 'loadline').version, '1.2.3');
  assert.equal(part(value, 'node').version, '24.21.0');
  assert.equal(part(value, 'base').version, `sha256:${'cd'.repeat(32)}`);
  // By the purl specification's type npm.
  assert.equal(part(value, 'pkg:npm/%40bomb.sh/tab@0.0.22').name, '@bomb.sh/tab');
  assert.deepEqual(part(value, 'pkg:npm/odd@1.0.0').licenses, [
    { license: { name: 'SEE LICENSE IN LICENSE.md' } },
  ]);
  const model = part(value, 'model');
  assert.equal(model.type, 'machine-learning-model');
  // sha256sum examples/house-price/model.pkl
  assert.deepEqual(model.hashes, [
    { alg: 'SHA-256', content: '7feb4c64128c714c8fa4791f4d905fccd63010d46acca503cc617459578428a9' },
  ]);
  assert.deepEqual(model.properties, [
    { name: 'io.loadline.model.estimator', value: 'Pipeline' },
    { name: 'io.loadline.model.scikit-learn', value: '1.9.1' },
    { name: 'io.loadline.model.revision', value: '0123456789abcdef0123456789abcdef01234567' },
  ]);
});

test('what is not known is left out', async () => {
  const { value } = await bill({ node: null, base: { name: 'my/base:1', digest: null } });
  assert.deepEqual(Object.keys(part(value, 'node')), ['type', 'bom-ref', 'name', 'description']);
  assert.deepEqual(Object.keys(part(value, 'base')), ['type', 'bom-ref', 'name', 'description']);
});

test('the same input gives the same bytes, another image another serial number', async () => {
  const one = await bill();
  assert.deepEqual((await bill()).bytes, one.bytes);
  const other = await bill({ imageDigest: `sha256:${'00'.repeat(32)}` });
  assert.notEqual(other.value.serialNumber, one.value.serialNumber);
});
