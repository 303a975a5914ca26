/** The plan as a Dockerfile with the files it copies, for people who want to own them and for the docker engine. */
import { posix } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import { IMAGE_PATHS, type ImageFile, type ImageLayer, type ImagePlan } from '../plan.ts';
import { familiarName } from '../reference.ts';

export interface ContextFile {
  /** Relative to the context's folder, `/` between parts. */
  readonly path: string;
  readonly mode: ImageFile['mode'];
  readonly size: number;
  readonly source: ImageFile['source'];
}

/** First line of the Dockerfile and of .dockerignore: by it a later run knows its own files. */
export const CONTEXT_MARKER = '# Written by `loadline build --dockerfile`, which replaces it when run again.';

/** Folder of the context that holds what the image gets; nothing else is put into it. */
export const CONTEXT_FOLDER = 'loadline';

/** What each layer's files have in common, so that one COPY brings them all and people see where things go. */
const LAYER_ROOT: Readonly<Record<ImageLayer['name'], string>> = {
  server: IMAGE_PATHS.server,
  model: IMAGE_PATHS.model.slice(0, IMAGE_PATHS.model.lastIndexOf('/')),
};

/**
 * Dockerfile, .dockerignore and the files they bring in, so that `docker build -t NAME .` works in their folder with the
 * classic builder and with BuildKit. Folders are 0755 and times `plan.createdSec`: COPY keeps what the context has.
 *
 * @throws LoadlineError LL1005 for a label or variable that a Dockerfile cannot hold.
 */
export function renderContext(plan: ImagePlan): { readonly files: readonly ContextFile[] } {
  return {
    files: [
      textFile('Dockerfile', renderDockerfile(plan)),
      textFile('.dockerignore', DOCKERIGNORE),
      ...plan.layers.flatMap((layer) =>
        layer.files.map((file) => ({ ...file, path: contextPath(layer.name, file.path) })),
      ),
    ],
  };
}

/** Every folder that files lie in, parents first. */
export function foldersOf(files: readonly { readonly path: string }[]): string[] {
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
      folders.add(folder);
    }
  }
  return [...folders].sort();
}

const DOCKERIGNORE = `${CONTEXT_MARKER}
# Only this folder goes into the image; data and notebooks beside it are not even sent to Docker.
*
!${CONTEXT_FOLDER}
`;

function contextPath(layer: ImageLayer['name'], path: string): string {
  const root = LAYER_ROOT[layer];
  if (!path.startsWith(`${root}/`)) {
    throw new LoadlineError('LL1099', `Cannot lay out "${path}": expected it in ${root}/ of layer ${layer}`);
  }
  return `${CONTEXT_FOLDER}/${layer}/${path.slice(root.length + 1)}`;
}

function textFile(path: string, text: string): ContextFile {
  const bytes = Buffer.from(text);
  return { path, mode: 0o644, size: bytes.length, source: { bytes } };
}

function copy(layer: ImageLayer['name']): string {
  return `COPY ${CONTEXT_FOLDER}/${layer}/ ${LAYER_ROOT[layer]}/`;
}

/** No syntax that only BuildKit has: Docker 20.10 without buildx builds with the classic builder. */
function renderDockerfile(plan: ImagePlan): string {
  const { config, model } = plan;
  const { healthcheck } = config;
  const name = familiarName(plan.reference);
  const wrote = model.sklearn === null ? '' : `, scikit-learn ${model.sklearn}`;
  const command = config.cmd.length === 0 ? '' : `\nCMD ${exec(config.cmd)}`;
  const ports = config.ports.join(' ');
  return `${CONTEXT_MARKER}
# ${oneLine(`Model ${model.name}, version ${model.version}: ${model.estimator}${wrote}.`)}
#
#   docker build -t ${name} .
#   docker run${config.ports.map((port) => ` -p ${port}:${port}`).join('')} ${name}

# A small Linux with Node.js. There is no Python: Loadline reads the model file and computes the predictions itself.
FROM ${familiarName(plan.base)}

# The server. It is the same for every model, so Docker takes it from its cache until Loadline is updated.
${copy('server')}

# A user without rights instead of root. A number, because Kubernetes cannot tell from a name that it is not root.
USER ${config.user}
WORKDIR ${config.workingDir}

# Where programs are found, and the name of the model in the paths of the API.
${assign('ENV', config.env)}

# The port the server listens on; \`docker run -p\` opens it to the outside.
EXPOSE ${ports}

# \`docker stop\` sends this signal: the server finishes the requests it has, then ends.
STOPSIGNAL ${config.stopSignal}

# Docker asks whether the server is well. Node asks, since the image has neither curl nor a shell.
HEALTHCHECK --interval=${healthcheck.intervalSec}s --timeout=${healthcheck.timeoutSec}s --start-period=${healthcheck.startPeriodSec}s --retries=${healthcheck.retries} \\
  CMD ${exec(healthcheck.test)}

# The list form starts the server without a shell between, so that the signal above reaches it.
ENTRYPOINT ${exec(config.entrypoint)}${command}

# The model comes last: with a new one only the lines from here on are built and pushed again.
${copy('model')}

# What \`docker inspect\` and registries show of the image.
${assign('LABEL', config.labels)}
`;
}

/** A comment may not end early. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function exec(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
}

/** One instruction for all: each one more would cost the classic builder a container. */
function assign(instruction: 'ENV' | 'LABEL', values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${quote(instruction, key, value)}`);
  return pairs.length === 0 ? '' : `${instruction} ${pairs.join(' \\\n  ')}`;
}

/**
 * In double quotes, where a Dockerfile gives meaning to `"`, `\` and `$` only.
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
function quote(instruction: string, key: string, value: string): string {
  if (/[\n\0]/.test(value)) {
    throw new LoadlineError(
      'LL1005',
      `Cannot write ${instruction} ${key} into a Dockerfile: expected one line, found ${JSON.stringify(value)}`,
      {
        where: key,
        fix: 'Take the line break out of the value; a Dockerfile has no way to write one.',
      },
    );
  }
  return `"${value.replace(/["\\$]/g, '\\$&')}"`;
}
