import { bytesText } from '../../bytes/size-text.ts';
import { EXIT, LoadlineError } from '../../errors.ts';
import type { BundledPackage } from '../../image/bundle.ts';
import type { MadeImage } from '../../image/make.ts';
import type { ImagePlan } from '../../image/plan.ts';
import type { Reference } from '../../image/reference.ts';
import type { Model } from '../../model/model.ts';
import { defineCommand, type Options, text } from '../define.ts';
import { ENGINE_OPTION, INSECURE_OPTION } from '../image-options.ts';
import type { Images } from '../images.ts';
import { LIMITS_OPTION, readLimits } from '../limits.ts';
import { MODEL_HELP, STORE_OPTION } from '../model-options.ts';
import { columns } from '../output/table.ts';
import { print, say, type Terminal } from '../output/terminal.ts';
import { version } from '../version.ts';
import { pushFound } from './push.ts';
import { testLocal } from './test.ts';

export const build = defineCommand({
  name: 'build',
  args: [{ spec: '<model>', help: MODEL_HELP, completes: ['version'] }],
  group: 'Ship',
  summary: 'make a container image, with Docker or without it',
  examples: [
    'loadline build model.pkl -t ml-model:v1',
    'loadline build model.pkl -t ghcr.io/team/ml-model:v1 --platform linux/amd64,linux/arm64 --push',
    'loadline build models:/house-price@champion -t ml-model:v1',
    'loadline build model.pkl -t ml-model:v1 --engine none --output ml-model.tar',
    'loadline build model.pkl -t ml-model:v1 --dockerfile',
  ],
  options: [
    {
      flags: '-t, --tag <name>',
      help: "[registry/]name[:tag] (default: the file's name, or a version's name and number)",
    },
    { flags: '--compose', help: 'also write compose.yaml for a single VM' },
    { flags: '--base <image>', help: 'image with Node.js 22.18 or newer (default: distroless nodejs24)' },
    { flags: '--platform <list>', help: "linux/amd64,linux/arm64 (default: this machine's)" },
    ENGINE_OPTION,
    { flags: '--push', help: 'test the image and push it' },
    { flags: '--untested', help: 'with --push: push without the test' },
    {
      flags: '--output <path>',
      help: 'write an OCI layout folder, or an archive where it ends in .tar; with --dockerfile its folder',
    },
    { flags: '--dockerfile', help: 'write the Dockerfile and its context to own them, and build nothing' },
    { flags: '--sbom', help: 'also make a CycloneDX bill of materials' },
    INSECURE_OPTION,
    { flags: '--dry-run', help: 'show what would be made: no network, nothing written' },
    STORE_OPTION,
    LIMITS_OPTION,
    { flags: '--json', help: 'one JSON object on stdout' },
  ],
  async run([model = ''], options, terminal) {
    checkOptions(options);
    const { withImages } = await import('../images.ts');
    return withImages(options, terminal, (images) => run(model, options, terminal, images));
  },
});

function checkOptions(options: Options): void {
  if (options.dockerfile === true) {
    const idle = ['push', 'sbom', 'untested'].find((name) => options[name] === true);
    if (idle !== undefined) {
      throw new LoadlineError('LL1001', `--${idle} has nothing to work on: --dockerfile builds nothing`);
    }
  }
  if (options.untested === true && options.push !== true) {
    throw new LoadlineError('LL1001', '--untested goes with --push');
  }
}

async function run(model: string, options: Options, terminal: Terminal, images: Images): Promise<number> {
  const startedAt = performance.now();
  const { plan, packages } = await makePlan(model, options, terminal, images);
  if (options.dryRun === true) {
    await showPlan(plan, options, terminal);
    return EXIT.ok;
  }
  const files: string[] = [];
  if (options.dockerfile === true) {
    const folder = await writeDockerfile(plan, options, images);
    files.push(folder, ...(await writeCompose(plan, folder, options)));
    await showFiles(plan, files, folder, options, terminal);
    return EXIT.ok;
  }
  await checkCompose(options);
  const made = await make(plan, options, images);
  files.push(...(await writeSbom(plan, packages, made, options, images)));
  files.push(...(await writeCompose(plan, '.', options)));
  files.push(...(await writeOutput(plan, made, options, images)));
  images.endProgress();
  await showMade(plan, made, files, startedAt, options, terminal);
  return options.push === true ? await testAndPush(plan, made, options, terminal, images) : EXIT.ok;
}

async function makePlan(
  given: string,
  options: Options,
  terminal: Terminal,
  images: Images,
): Promise<{ plan: ImagePlan; packages: readonly BundledPackage[] }> {
  const { defaultName } = await import('../../versions/default-name.ts');
  const { parseReference } = await import('../../image/reference.ts');
  const { DEFAULT_BASE } = await import('../../image/plan.ts');
  const making = await import('../../image/make-plan.ts');
  const { hostPlatform, parsePlatforms } = await import('../../image/platform.ts');
  // Cheap mistakes first, before a large model is read.
  const tag = text(options, 'tag');
  const named = tag === undefined ? null : readTag(parseReference(tag), tag);
  const base = parseReference(text(options, 'base') ?? DEFAULT_BASE);
  const platformList = text(options, 'platform');
  const platforms = platformList === undefined ? [hostPlatform()] : parsePlatforms(platformList);
  const createdSec = making.createdSeconds(images.env);
  const { bring } = await import('../models.ts');
  const { path: brought, registered } = await bring(given, options, terminal);
  const fallback =
    registered === null
      ? defaultName(given).toLowerCase()
      : `${registered.name.toLowerCase()}:${registered.version}`;
  const reference = named ?? readTag(parseReference(fallback), fallback);
  const { openModel } = await import('../../formats/open.ts');
  const model = await openModel(brought, readLimits(options));
  const path = await modelFile(brought, model);
  const { serverBundle } = await import('../../image/bundle.ts');
  const { files: server, packages } = await serverBundle(images);
  const plan = making.planImage({
    reference,
    base,
    platforms,
    path,
    model,
    ...(registered !== null && { registered }),
    server,
    software: version(),
    revision: registered === null ? await making.sourceRevision(path) : null,
    createdSec,
  });
  return { plan, packages };
}

function readTag(reference: Reference, tag: string): Reference {
  if (reference.digest !== null) {
    throw new LoadlineError('LL6001', `--tag wants a name and a tag, without a digest; found "${tag}"`);
  }
  return reference;
}

/** The file that the model was read from: of an MLflow model folder only it goes into the image. */
async function modelFile(path: string, model: Model): Promise<string> {
  const { stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  return (await stat(path)).isDirectory() ? join(path, model.origin.file) : path;
}

async function make(plan: ImagePlan, options: Options, images: Images): Promise<MadeImage> {
  const { chooseEngine, makeImage } = await import('../../image/make.ts');
  const engine = await chooseEngine(plan, images.engine, options.output !== undefined, images);
  return makeImage(plan, engine, { ...images, store: await images.store(), registry: images.registry() });
}

/** The folder that was written. */
async function writeDockerfile(plan: ImagePlan, options: Options, images: Images): Promise<string> {
  const { writeContext } = await import('../../image/write-context.ts');
  const folder = text(options, 'output') ?? plan.model.name;
  await writeContext(plan, folder, images);
  return folder;
}

async function writeCompose(plan: ImagePlan, folder: string, options: Options): Promise<string[]> {
  if (options.compose !== true) {
    return [];
  }
  const { join } = await import('node:path');
  const { renderCompose } = await import('../../image/render/compose.ts');
  const { defaultResources } = await import('../../image/resources.ts');
  const { familiarName } = await import('../../image/reference.ts');
  const { writeOwn } = await import('../../image/write-own.ts');
  const path = join(folder, 'compose.yaml');
  const image = familiarName(plan.reference);
  await writeOwn(path, renderCompose(plan, { image, ...defaultResources(plan.model.sizeBytes) }));
  return [path];
}

/** Refuses someone else's compose.yaml before anything is made. */
async function checkCompose(options: Options): Promise<void> {
  if (options.compose === true) {
    const { COMPOSE_MARKER } = await import('../../image/render/compose.ts');
    const { checkOwn } = await import('../../image/write-own.ts');
    await checkOwn('compose.yaml', COMPOSE_MARKER);
  }
}

/** Keeps the bill for a later push, and writes it beside where nothing is pushed now. */
async function writeSbom(
  plan: ImagePlan,
  packages: readonly BundledPackage[],
  made: MadeImage,
  options: Options,
  images: Images,
): Promise<string[]> {
  if (options.sbom !== true) {
    return [];
  }
  const { sbomOf } = await import('../../image/make.ts');
  const { keepSbom } = await import('../../image/sbom-file.ts');
  const { writeWhole } = await import('../../config/write-whole.ts');
  const bill = sbomOf(plan, packages, made);
  await keepSbom(made.image.digest, bill, images.env);
  if (options.push === true) {
    return [];
  }
  const path = `${plan.model.name}-${plan.model.version}.cdx.json`;
  await writeWhole(path, bill);
  return [path];
}

async function writeOutput(
  plan: ImagePlan,
  made: MadeImage,
  options: Options,
  images: Images,
): Promise<string[]> {
  const output = text(options, 'output');
  if (output === undefined || made.image.kind !== 'store') {
    return [];
  }
  const { exportImage } = await import('../../image/oci/export.ts');
  const { formatReference } = await import('../../image/reference.ts');
  await exportImage(await images.store(), made.image.root, formatReference(plan.reference), output, images);
  return [output];
}

async function testAndPush(
  plan: ImagePlan,
  made: MadeImage,
  options: Options,
  terminal: Terminal,
  images: Images,
): Promise<number> {
  if (options.untested !== true) {
    const code = await testLocal(plan.reference, made.image, options, terminal, images);
    if (code !== EXIT.ok) {
      say(terminal, `${terminal.symbol.bad} not pushed: the image did not pass its test`);
      return code;
    }
  }
  return pushFound(plan.reference, made.image, options, terminal, images);
}

const API = 'loadline/v1';

async function showPlan(plan: ImagePlan, options: Options, terminal: Terminal): Promise<void> {
  const { familiarName } = await import('../../image/reference.ts');
  const { formatPlatform } = await import('../../image/platform.ts');
  const image = familiarName(plan.reference);
  const base = familiarName(plan.base);
  const platforms = plan.platforms.map(formatPlatform);
  const layers = plan.layers.map(({ name, files }) => ({
    name,
    files: files.map(({ path, mode, size }) => ({ path, mode: mode.toString(8), size })),
  }));
  if (options.json === true) {
    const { model, config } = plan;
    print(
      terminal,
      JSON.stringify(
        { apiVersion: API, kind: 'ImagePlan', image, base, platforms, model, layers, config },
        null,
        2,
      ),
    );
    return;
  }
  print(terminal, `${image}   ${plan.model.estimator}   dry run: nothing was made`);
  const rows = [
    ['base', base, platforms.join(', ')],
    ...layers.map(({ name, files }) => [
      name,
      files.length === 1 ? (files[0]?.path ?? '') : `${files.length} files in /opt/loadline`,
      `${bytesText(files.reduce((sum, { size }) => sum + size, 0))} before compression`,
    ]),
    ['user', plan.config.user, ''],
    ['runs', plan.config.entrypoint.join(' '), `port ${plan.config.ports.join(', ')}`],
    ['healthy', plan.config.healthcheck.test.join(' '), `every ${plan.config.healthcheck.intervalSec} s`],
    ...Object.entries(plan.config.labels).map(([name, value]) => ['label', name, value]),
  ];
  for (const line of columns(rows)) {
    print(terminal, `  ${line}`);
  }
}

async function showFiles(
  plan: ImagePlan,
  files: readonly string[],
  folder: string,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { familiarName } = await import('../../image/reference.ts');
  const image = familiarName(plan.reference);
  if (options.json === true) {
    print(terminal, JSON.stringify({ apiVersion: API, kind: 'Dockerfile', image, files }, null, 2));
    return;
  }
  const { symbol, color } = terminal;
  for (const file of files) {
    say(terminal, `  ${color.green(symbol.ok)} ${file}`);
  }
  const cd = folder === '.' ? '' : `cd ${folder} && `;
  say(terminal, '');
  say(terminal, `  Build it   ${cd}docker build -t ${image} .`);
  say(
    terminal,
    options.compose === true
      ? '  Run it     docker compose up -d'
      : `  Run it     docker run --rm -p 5000:5000 ${image}`,
  );
}

async function showMade(
  plan: ImagePlan,
  made: MadeImage,
  files: readonly string[],
  startedAt: number,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { familiarName } = await import('../../image/reference.ts');
  const image = familiarName(plan.reference);
  const { digest } = made.image;
  const seconds = (performance.now() - startedAt) / 1000;
  if (options.json === true) {
    if (options.push !== true) {
      const { engine, sizeBytes, layerBytes, baseDigest, node } = made;
      const { model } = plan;
      print(
        terminal,
        JSON.stringify(
          {
            apiVersion: API,
            kind: 'Image',
            image,
            digest,
            engine,
            sizeBytes,
            layerBytes,
            baseDigest,
            node,
            model,
            files,
          },
          null,
          2,
        ),
      );
    }
    return;
  }
  const { symbol, color } = terminal;
  const dot = ` ${symbol.dot} `;
  const ok = color.green(symbol.ok);
  const { estimator, sklearn } = plan.model;
  const layers = Object.entries(made.layerBytes ?? {}).map(([name, size]) => `${name} ${bytesText(size)}`);
  const size = made.sizeBytes === null ? [] : [`${bytesText(made.sizeBytes)} compressed`, ...layers];
  say(
    terminal,
    `  ${color.bold(image)}   ${[estimator, sklearn === null ? null : `scikit-learn ${sklearn}`].filter(Boolean).join(dot)}`,
  );
  say(terminal, `  ${ok} read as data: nothing in the file was executed`);
  say(
    terminal,
    `  ${ok} built ${made.engine === 'docker' ? 'by docker' : 'without an engine'} in ${seconds.toFixed(1)} s${dot}${[`Node.js ${made.node}`, ...size].join(dot)}`,
  );
  say(terminal, `  ${ok} ${digest}`);
  for (const file of files) {
    say(terminal, `  ${ok} ${file}`);
  }
  if (options.push === true) {
    return;
  }
  say(terminal, '');
  if (made.engine === 'docker') {
    say(
      terminal,
      options.compose === true
        ? '  Run it    docker compose up -d'
        : `  Run it    docker run --rm -p 5000:5000 ${image}`,
    );
  }
  say(terminal, `  Test it   loadline test ${image}`);
  say(terminal, `  Push it   loadline push ${image}`);
}
