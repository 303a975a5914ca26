/** Decides what an image holds. */
import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LoadlineError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import {
  IMAGE_PATHS,
  IMAGE_PORT,
  IMAGE_USER,
  type ImageFile,
  type ImagePlan,
  type ModelFacts,
  type RunConfig,
} from './plan.ts';

export interface PlanInput
  extends Pick<ImagePlan, 'reference' | 'base' | 'platforms' | 'software' | 'createdSec'> {
  /** Path of the model file, and the model that was opened from it. */
  readonly path: string;
  readonly model: Model;
  /** What the file is in a registry; left out for a file that is in none. */
  readonly registered?: { readonly name: string; readonly version: string; readonly uri: string };
  /** The server's files. */
  readonly server: readonly ImageFile[];
  /** Commit of the model's folder. */
  readonly revision: string | null;
}

/** The plan of an image; pure. */
export function planImage(input: PlanInput): ImagePlan {
  const { base, platforms, model, reference, software, createdSec } = input;
  const facts = modelFacts(input);
  return {
    reference,
    base,
    platforms,
    model: facts,
    software,
    layers: [
      { name: 'server', files: input.server },
      {
        name: 'model',
        files: [
          {
            path: IMAGE_PATHS.model,
            mode: 0o644,
            size: model.origin.bytes,
            source: { file: resolve(input.path) },
          },
        ],
      },
    ],
    config: runConfig(facts, software),
    createdSec,
  };
}

function modelFacts({ reference, model, registered, revision }: PlanInput): ModelFacts {
  const { origin, fitted } = model;
  const tagged = reference.tag !== null && reference.tag !== 'latest';
  return {
    name: registered?.name ?? reference.repository.slice(reference.repository.lastIndexOf('/') + 1),
    version: registered?.version ?? (tagged ? reference.tag : origin.sha256.slice(0, 12)),
    uri: registered?.uri ?? null,
    sha256: origin.sha256,
    sizeBytes: origin.bytes,
    estimator: fitted.name,
    sklearn: origin.sklearn,
    revision,
  };
}

function runConfig(model: ModelFacts, software: string): RunConfig {
  return {
    user: IMAGE_USER,
    env: {
      // distroless has Node in a folder that its own PATH lacks; with it any base works whose Node is on the usual PATH.
      PATH: '/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      NODE_ENV: 'production',
      LOADLINE_BUILT_IN: `${model.name}/${model.version}`,
    },
    entrypoint: ['node', `${IMAGE_PATHS.server}/server.js`],
    cmd: [],
    ports: [IMAGE_PORT],
    workingDir: '/',
    stopSignal: 'SIGTERM',
    healthcheck: {
      test: ['node', `${IMAGE_PATHS.server}/health.js`],
      intervalSec: 10,
      timeoutSec: 3,
      startPeriodSec: 10,
      retries: 3,
    },
    labels: labels(model, software),
  };
}

function labels(model: ModelFacts, software: string): Record<string, string> {
  const facts: Record<string, string | null> = {
    'org.opencontainers.image.title': model.name,
    'org.opencontainers.image.version': model.version,
    'org.opencontainers.image.description': `${model.estimator} served by Loadline`,
    'org.opencontainers.image.revision': model.revision,
    'io.loadline.version': software,
    'io.loadline.model.name': model.name,
    'io.loadline.model.version': model.version,
    'io.loadline.model.uri': model.uri,
    'io.loadline.model.sha256': model.sha256,
    'io.loadline.model.estimator': model.estimator,
    'io.loadline.model.sklearn': model.sklearn,
  };
  return Object.fromEntries(
    Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/**
 * The time of everything in an image: SOURCE_DATE_EPOCH (reproducible-builds.org), or 0.
 *
 * @throws LoadlineError LL1005 when it is not a whole number of seconds.
 */
export function createdSeconds(env: Readonly<Record<string, string | undefined>>): number {
  const text = env.SOURCE_DATE_EPOCH;
  if (!text) {
    return 0;
  }
  // The last second that a tar's time field holds.
  if (!/^\d+$/.test(text) || Number(text) > 0o77777777777) {
    throw new LoadlineError('LL1005', `SOURCE_DATE_EPOCH wants seconds since 1970, found "${text}"`);
  }
  return Number(text);
}

/** The commit that is checked out where the model lies, or null: no git, no repository, no commit yet. */
export async function sourceRevision(path: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', dirname(resolve(path)), 'rev-parse', 'HEAD']);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}
