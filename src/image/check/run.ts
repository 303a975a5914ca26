/** Tests an image or a server: starts it under limits, runs the checks, says what was found. */
import type { Limits } from '../../bytes/limits.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { buildModel, readModelFile } from '../../formats/model-file.ts';
import type { Model, Signature } from '../../model/model.ts';
import { IMAGE_PATHS } from '../plan.ts';
import type { OnProgress } from '../progress.ts';
import type { Digest } from '../reference.ts';
import { defaultResources } from '../resources.ts';
import { CHECKS } from './checks/list.ts';
import { openClient } from './client.ts';
import type { Check, CheckContext, Finding } from './define.ts';
import { recordPass } from './record.ts';
import { madeRows, makeSamples, type Samples } from './samples.ts';
import type { Ability, Ended, RunLimits, Target } from './target.ts';
import { endText } from './text.ts';
import { within } from './wait.ts';

export interface TestOptions {
  /** Null, here and for processors, takes the default for a model of its size. */
  readonly memoryBytes: number | null;
  readonly cpus: number | null;
  /** Compared with in place of the model in the image; a URL has no other. */
  readonly model: Model | null;
  /** Raised limits of the reader for the model in the image. */
  readonly modelLimits: Partial<Limits>;
  /** Rows to ask with; null makes them from the signature. */
  readonly rows: ((signature: Signature) => Promise<readonly unknown[]>) | null;
  /** Null takes a minute, and 5 s for a server that is said to run. */
  readonly readyMs: number | null;
  readonly maxSizeBytes: number | null;
  /** Value of the Authorization header; null sends none. */
  readonly authorization: string | null;
  /** Version of Loadline, for the record. */
  readonly software: string;
  /** Where a pass is recorded. */
  readonly stateFolder: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface CheckResult extends Finding {
  readonly name: string;
  readonly title: string;
}

export interface Report {
  /** As it was named. */
  readonly image: string;
  readonly target: Target['kind'];
  readonly platform: string | null;
  readonly digests: readonly Digest[];
  /** Whether no check failed. */
  readonly passed: boolean;
  /** Start of the test, ISO 8601. */
  readonly when: string;
  /** Null where nothing limits the server. */
  readonly limits: RunLimits | null;
  readonly checks: readonly CheckResult[];
  /** What could not be checked, and why. */
  readonly unchecked: readonly string[];
  /** The server's last words, where a check failed. */
  readonly log: string | null;
}

/** Slow machines and large models start within it. */
const READY_MS = 60_000;
const RUNNING_READY_MS = 5000;
/** The news that a server has ended comes a moment after its connections broke. */
const NEWS_MS = 1000;

/**
 * Tests a target and closes it. A pass is recorded under every digest of the image.
 *
 * @throws LoadlineError what reading the model throws (LL3xxx, LL4xxx), LL6009 and LL6010 when the engine fails, LL1007
 * when the pass cannot be recorded, LL6017 when interrupted.
 */
export async function testImage(target: Target, options: TestOptions): Promise<Report> {
  const when = new Date().toISOString();
  try {
    const { limits, model } = await prepare(target, options);
    const found = await runChecks(target, model, limits, options);
    const unchecked = [
      ...found.checks.filter(({ ok }) => ok === null).map(({ name, detail }) => `${name}: ${detail}`),
      ...target.unchecked,
    ];
    const passed = found.checks.every(({ ok }) => ok !== false);
    const { name: image, kind, platform, digests } = target;
    if (passed && digests.length > 0) {
      const checks = found.checks.filter(({ ok }) => ok === true).map(({ name }) => name);
      const { software, stateFolder } = options;
      await recordPass(stateFolder, { image, digests, when, software, checks, unchecked });
    }
    return {
      image,
      target: kind,
      platform,
      digests,
      passed,
      when,
      limits: target.lacks.limits === undefined ? limits : null,
      checks: found.checks,
      unchecked,
      log: found.log,
    };
  } catch (error) {
    throw options.signal.aborted ? interrupted() : error;
  } finally {
    await target.close();
  }
}

async function prepare(
  target: Target,
  { model, modelLimits, memoryBytes, cpus }: TestOptions,
): Promise<{ limits: RunLimits; model: Model | null }> {
  const bytes = target.lacks.model === undefined ? await target.model() : null;
  const own =
    bytes === null || model !== null
      ? null
      : buildModel(readModelFile(IMAGE_PATHS.model.slice(1), bytes, modelLimits));
  const defaults = defaultResources(bytes?.length ?? model?.origin.bytes ?? 0);
  return {
    limits: {
      memoryBytes: memoryBytes ?? defaults.memoryMiB * 2 ** 20,
      cpus: cpus ?? defaults.cpus,
    },
    model: model ?? own,
  };
}

interface Found {
  readonly checks: readonly CheckResult[];
  readonly log: string | null;
}

async function runChecks(
  target: Target,
  model: Model | null,
  limits: RunLimits,
  options: TestOptions,
): Promise<Found> {
  const { onProgress, signal, authorization, maxSizeBytes } = options;
  const samples = model === null ? null : await samplesFor(model, options);
  const server = await target.start(limits);
  const context: CheckContext = {
    target,
    server,
    client: openClient(server.url, signal, authorization),
    limits,
    signature: model?.signature ?? null,
    samples,
    readyMs: options.readyMs ?? (target.kind === 'url' ? RUNNING_READY_MS : READY_MS),
    maxSizeBytes,
    signal,
  };
  const lacks: Partial<Record<Ability, string>> = { ...target.lacks };
  if (model !== null) {
    delete lacks.model;
  }
  let end: Ended | null = null;
  void server.ended.then((ended) => {
    end = ended;
  });
  const checks: CheckResult[] = [];
  let log: string | null = null;
  for (const check of CHECKS) {
    const { name, title } = check;
    const why = check.needs.map((need) => lacks[need]).find((reason) => reason !== undefined);
    if (why !== undefined) {
      checks.push({ name, title, ok: null, detail: why });
      continue;
    }
    onProgress({ phase: 'test', item: title, state: 'start' });
    let finding = await runCheck(check, context);
    if (finding.ok === false && lacks.server === undefined && name !== 'size') {
      await within(server.ended, NEWS_MS, signal);
      log = (await server.log()) || null;
      if (end !== null) {
        lacks.server = 'not asked: the server had ended';
        finding = { ...finding, detail: `${finding.detail}: ${endText(end, limits)}` };
      } else if (name === 'ready') {
        lacks.server = 'not asked: the server was never ready';
      }
    }
    checks.push({ name, title, ...finding });
    onProgress({ phase: 'test', item: title, state: 'done', note: noteOf(finding) });
  }
  return { checks, log };
}

function noteOf({ ok, detail }: Finding): string {
  return ok === null ? `not checked: ${detail}` : ok ? detail : `failed: ${detail}`;
}

async function samplesFor(model: Model, { rows }: TestOptions): Promise<Samples | null> {
  const { signature } = model;
  return makeSamples(model, rows === null ? madeRows(signature) : await rows(signature), rows === null);
}

async function runCheck(check: Check, context: CheckContext): Promise<Finding> {
  try {
    return await check.run(context);
  } catch (error) {
    if (isLoadlineError(error) || context.signal.aborted) {
      throw error;
    }
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function interrupted(): LoadlineError {
  return new LoadlineError('LL6017', 'Interrupted while the image was tested');
}
