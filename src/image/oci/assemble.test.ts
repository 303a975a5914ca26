import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { examplePlan } from '../fixtures/plan.ts';
import type { Digest } from '../reference.ts';
import { assembleImage, assembleIndex, type BaseImage } from './assemble.ts';
import type { BuiltLayer } from './layer.ts';
import { type Descriptor, type ImageConfigFile, MEDIA } from './types.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' } as const;

function digest(digit: string): Digest {
  return `sha256:${digit.repeat(64)}`;
}

function blob(digit: string, mediaType: string): Descriptor {
  return { mediaType, digest: digest(digit), size: 10 };
}

const LAYERS: readonly BuiltLayer[] = [
  { name: 'server', descriptor: blob('c', MEDIA.layerGzip), diffId: digest('d'), sizeBytes: 100 },
  { name: 'model', descriptor: blob('e', MEDIA.layerGzip), diffId: digest('f'), sizeBytes: 200 },
];

/** A base as Docker's builder leaves it, with something in every field that a container's runtime reads. */
function base(
  config: Partial<ImageConfigFile> = {},
  types: readonly string[] = [MEDIA.dockerLayer],
): BaseImage {
  return {
    name: 'gcr.io/distroless/nodejs24-debian12:nonroot',
    digest: digest('9'),
    manifest: {
      schemaVersion: 2,
      mediaType: MEDIA.dockerManifest,
      config: blob('1', MEDIA.dockerConfig),
      layers: types.map((type, i) => blob(String(i + 2), type)),
    },
    config: {
      architecture: 'amd64',
      os: 'linux',
      created: '2024-01-02T03:04:05.678Z',
      config: {
        User: 'root',
        Env: [
          'PATH=/usr/bin',
          'SSL_CERT_FILE=/etc/ssl/certs/ca.crt',
          'NODE_ENV=development',
          'EMPTY=',
          'A=b=c',
        ],
        Entrypoint: ['/nodejs/bin/node'],
        Cmd: ['--help'],
        ExposedPorts: { '8080/tcp': {} },
        WorkingDir: '/home/nonroot',
        Labels: { maintainer: 'someone', 'org.opencontainers.image.title': 'base' },
        Volumes: { '/data': {} },
        OnBuild: ['RUN true'],
      } as ImageConfigFile['config'] & object,
      rootfs: { type: 'layers', diff_ids: types.map((_, i) => digest(String(i + 5))) },
      history: [
        { created: '2024-01-02T03:04:05Z', created_by: 'COPY files' },
        { created_by: 'ENV A=b', empty_layer: true },
      ],
      ...config,
    },
  };
}

describe('an image', () => {
  it('has the base under its layers and the plan over its configuration', async () => {
    const plan = await examplePlan({ createdSec: 1_700_000_000 });
    const { config } = assembleImage(plan, AMD64, base(), LAYERS);
    // 1,700,000,000 by `date --utc --date=@1700000000`.
    assert.equal(config.created, '2023-11-14T22:13:20Z');
    assert.deepEqual([config.os, config.architecture, config.variant], ['linux', 'amd64', undefined]);
    assert.deepEqual(config.rootfs, { type: 'layers', diff_ids: [digest('5'), digest('d'), digest('f')] });
    assert.deepEqual(config.config, {
      User: '65532:65532',
      // As `docker build` has it: what was there keeps its place, what is new comes after.
      Env: [
        'PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'SSL_CERT_FILE=/etc/ssl/certs/ca.crt',
        'NODE_ENV=production',
        'EMPTY=',
        'A=b=c',
        'LOADLINE_BUILT_IN=ml-model/v1',
      ],
      Entrypoint: ['node', '/opt/loadline/server.js'],
      ExposedPorts: { '8080/tcp': {}, '5000/tcp': {} },
      WorkingDir: '/',
      StopSignal: 'SIGTERM',
      Labels: { maintainer: 'someone', ...plan.config.labels },
      Volumes: { '/data': {} },
      Healthcheck: {
        Test: ['CMD', 'node', '/opt/loadline/health.js'],
        Interval: 10_000_000_000,
        Timeout: 3_000_000_000,
        StartPeriod: 10_000_000_000,
        Retries: 3,
      },
    });
    assert.deepEqual(config.history, [
      { created: '2024-01-02T03:04:05Z', created_by: 'COPY files' },
      { created_by: 'ENV A=b', empty_layer: true },
      { created: '2023-11-14T22:13:20Z', created_by: 'loadline build: server', comment: 'Loadline 1.2.3' },
      { created: '2023-11-14T22:13:20Z', created_by: 'loadline build: model', comment: 'Loadline 1.2.3' },
    ]);
  });

  it("has a manifest of OCI's types with the plan's labels and the base as annotations", async () => {
    const plan = await examplePlan();
    const config = blob('0', MEDIA.config);
    const manifest = assembleImage(plan, AMD64, base(), LAYERS).manifest(config);
    assert.deepEqual(manifest, {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: [
        { mediaType: MEDIA.layerGzip, digest: digest('2'), size: 10 },
        LAYERS[0]?.descriptor,
        LAYERS[1]?.descriptor,
      ],
      annotations: {
        ...plan.config.labels,
        'org.opencontainers.image.created': '1970-01-01T00:00:00Z',
        'org.opencontainers.image.base.name': 'gcr.io/distroless/nodejs24-debian12:nonroot',
        'org.opencontainers.image.base.digest': digest('9'),
      },
    });
  });

  for (const [from, to] of [
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
    ['application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.oci.image.layer.v1.tar'],
    ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
    ['application/vnd.oci.image.layer.v1.tar+zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ] as const) {
    it(`takes a layer ${from}`, async () => {
      const image = assembleImage(await examplePlan(), AMD64, base({}, [from]), LAYERS);
      assert.equal(image.manifest(blob('0', MEDIA.config)).layers[0]?.mediaType, to);
    });
  }

  for (const type of [
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.v1.tar+encrypted',
    'text/plain',
  ]) {
    it(`refuses a layer ${type}`, async () => {
      const image = assembleImage(await examplePlan(), AMD64, base({}, [type]), LAYERS);
      assert.throws(() => image.manifest(blob('0', MEDIA.config)), {
        code: 'LL6014',
        message: new RegExp(type.replaceAll('+', '.')),
      });
    });
  }

  it('refuses a base whose documents contradict each other', async () => {
    const plan = await examplePlan();
    const wrong = base({ rootfs: { type: 'layers', diff_ids: [digest('5'), digest('6')] } });
    assert.throws(() => assembleImage(plan, AMD64, wrong, LAYERS), {
      code: 'LL6014',
      message: /has 1 layers, its configuration names 2/,
    });
  });

  it('makes up the history of a base that has another number of layers in it', async () => {
    const plan = await examplePlan();
    for (const history of [undefined, [], [{ created_by: 'a' }, { created_by: 'b' }, { created_by: 'c' }]]) {
      const { history: _, ...rest } = base({}, [MEDIA.layerGzip, MEDIA.layerGzip]).config;
      const config = history === undefined ? rest : { ...rest, history };
      const image = assembleImage(
        plan,
        AMD64,
        { ...base({}, [MEDIA.layerGzip, MEDIA.layerGzip]), config },
        LAYERS,
      );
      assert.deepEqual(
        image.config.history?.map((step) => step.created_by),
        [
          'FROM gcr.io/distroless/nodejs24-debian12:nonroot',
          'FROM gcr.io/distroless/nodejs24-debian12:nonroot',
          'loadline build: server',
          'loadline build: model',
        ],
      );
    }
  });

  it('is made over a base that configures nothing', async () => {
    const plan = await examplePlan();
    const { config: _, ...bare } = base().config;
    const { config } = assembleImage(plan, AMD64, { ...base(), config: bare }, LAYERS);
    assert.deepEqual(config.config?.Env?.length, 3);
    assert.deepEqual(config.config?.ExposedPorts, { '5000/tcp': {} });
    const nulls = { Env: null, Labels: null, Volumes: null, Cmd: null, Entrypoint: null } as never;
    const other = assembleImage(plan, AMD64, { ...base(), config: { ...bare, config: nulls } }, LAYERS);
    assert.deepEqual(other.config.config?.Labels, plan.config.labels);
  });

  it('says the variant of its processor', async () => {
    const plan = await examplePlan();
    const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
    assert.equal(assembleImage(plan, arm, base({ architecture: 'arm' }), LAYERS).config.variant, 'v7');
    const own = base({ architecture: 'arm64', variant: 'v8' });
    assert.equal(
      assembleImage(plan, { os: 'linux', architecture: 'arm64' }, own, LAYERS).config.variant,
      'v8',
    );
  });
});

describe('the index of several platforms', () => {
  it("names each platform's manifest in the plan's order", async () => {
    const plan = await examplePlan();
    const arm = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    const index = assembleIndex(plan, [
      { platform: AMD64, descriptor: blob('1', MEDIA.manifest) },
      { platform: arm, descriptor: blob('2', MEDIA.manifest) },
    ]);
    assert.deepEqual(index.manifests, [
      { ...blob('1', MEDIA.manifest), platform: AMD64 },
      { ...blob('2', MEDIA.manifest), platform: arm },
    ]);
    assert.equal(index.mediaType, 'application/vnd.oci.image.index.v1+json');
    assert.equal(
      index.annotations?.['org.opencontainers.image.base.name'],
      'gcr.io/distroless/nodejs24-debian12:nonroot',
    );
  });
});
