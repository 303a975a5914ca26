/** The bill of materials of an image: CycloneDX 1.6. */
import { createHash } from 'node:crypto';
import type { BundledPackage } from '../bundle.ts';
import type { ImagePlan } from '../plan.ts';
import { type Digest, familiarName, type Reference } from '../reference.ts';

export interface SbomInput {
  readonly plan: ImagePlan;
  /** Of the manifest, or the id that the docker engine gives. */
  readonly imageDigest: Digest;
  /** In the server's bundle. */
  readonly packages: readonly BundledPackage[];
  /** Node.js of the base; null where its version is not known. */
  readonly node: { readonly version: string } | null;
  /** Digest null where the engine did not tell. */
  readonly base: { readonly name: string; readonly digest: Digest | null };
}

interface Component {
  readonly type: 'application' | 'container' | 'library' | 'platform' | 'machine-learning-model';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
  readonly licenses?: readonly object[];
  readonly cpe?: string;
  readonly purl?: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/**
 * What is in the image: Loadline, the npm packages bundled with it, Node.js, the base, and the model with its hash. The
 * same input gives the same bytes: the serial number comes from the image's digest, the time is `plan.createdSec`.
 *
 * https://cyclonedx.org/docs/1.6/json/
 */
export function renderSbom(input: SbomInput): Buffer {
  const { plan, imageDigest, node, base } = input;
  const image: Component = {
    type: 'container',
    'bom-ref': 'image',
    name: familiarName({ ...plan.reference, tag: null, digest: null }),
    version: plan.reference.tag ?? plan.model.version,
    hashes: sha256(imageDigest.slice('sha256:'.length)),
    purl: ociPurl(plan.reference, imageDigest),
  };
  const loadline: Component = {
    type: 'application',
    'bom-ref': 'loadline',
    name: 'loadline',
    version: plan.software,
    description: 'The server: reads the model and answers predictions.',
    licenses: licenses('MIT'),
    purl: npmPurl('loadline', plan.software),
  };
  const packages = input.packages.map(
    ({ name, version, license }): Component => ({
      type: 'library',
      'bom-ref': npmPurl(name, version),
      name,
      version,
      licenses: licenses(license),
      purl: npmPurl(name, version),
    }),
  );
  const components = [
    loadline,
    ...packages,
    nodeComponent(node),
    baseComponent(plan.base, base),
    model(plan),
  ];
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(imageDigest)}`,
    version: 1,
    metadata: {
      timestamp: new Date(plan.createdSec * 1000).toISOString(),
      tools: { components: [{ type: 'application', name: 'loadline', version: plan.software }] },
      component: image,
    },
    components,
    dependencies: [
      { ref: 'image', dependsOn: ['loadline', 'node', 'base', 'model'] },
      { ref: 'loadline', dependsOn: ['node', ...packages.map((one) => one['bom-ref'])] },
    ],
  };
  return Buffer.from(`${JSON.stringify(bill, null, 2)}\n`);
}

function nodeComponent(node: SbomInput['node']): Component {
  const known = node === null ? {} : { version: node.version };
  return {
    type: 'platform',
    'bom-ref': 'node',
    name: 'node',
    ...known,
    description: 'Node.js, which comes with the base image.',
    // Scanners find what is known against a version by these two.
    ...(node === null
      ? {}
      : {
          cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*`,
          purl: `pkg:generic/node@${node.version}`,
        }),
  };
}

function baseComponent(reference: Reference, base: SbomInput['base']): Component {
  return {
    type: 'container',
    'bom-ref': 'base',
    name: base.name,
    description: 'The base image.',
    ...(base.digest === null ? {} : { version: base.digest, purl: ociPurl(reference, base.digest) }),
  };
}

function model({ model: facts }: ImagePlan): Component {
  const { estimator, sklearn, revision } = facts;
  const properties = { estimator, 'scikit-learn': sklearn, revision };
  return {
    type: 'machine-learning-model',
    'bom-ref': 'model',
    name: facts.name,
    version: facts.version,
    hashes: sha256(facts.sha256),
    properties: Object.entries(properties).flatMap(([name, value]) =>
      value === null ? [] : [{ name: `io.loadline.model.${name}`, value }],
    ),
  };
}

function sha256(content: string): NonNullable<Component['hashes']> {
  return [{ alg: 'SHA-256', content }];
}

/** An SPDX expression; what package.json may have instead, such as SEE LICENSE IN, is a name. */
function licenses(license: string): readonly object[] {
  return /^[\w.+-]+$|\b(?:AND|OR|WITH)\b/.test(license)
    ? [{ expression: license }]
    : [{ license: { name: license } }];
}

/** https://github.com/package-url/purl-spec, type npm: a scope is the namespace, its @ percent-encoded. */
function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${encoded(version)}`;
}

/** Type oci: the last part of the repository, the digest as the version, where it lies as qualifiers. */
function ociPurl({ registry, repository, tag }: Reference, digest: Digest): string {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const place = encoded(`${registry}/${repository}`);
  return `pkg:oci/${name}@${digest}?repository_url=${place}${tag === null ? '' : `&tag=${tag}`}`;
}

/** Percent-encoded as purl wants it: `:` and `/` stay. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2F', '/');
}

/** Namespace `URL` of RFC 9562, appendix of RFC 4122. */
const URL_NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/** A version 5 UUID (RFC 9562, 5.5) of the digest. */
function uuidOf(digest: Digest): string {
  const bytes = createHash('sha1').update(URL_NAMESPACE).update(digest).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
