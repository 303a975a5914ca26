/** All that is answered of MLflow's API, over one store. */
import type { Store } from '../store/types.ts';
import { type ArtifactApi, openArtifactApi } from './artifacts.ts';
import { MlflowFault } from './errors.ts';
import { openExperiments } from './experiments.ts';
import { openInputs } from './inputs.ts';
import { openLoggedModels } from './logged-models.ts';
import { openMetrics } from './metrics.ts';
import { modelVersionRoutes } from './model-versions.ts';
import { openRegisteredModels } from './registered-models.ts';
import type { Handler, Routes } from './route.ts';
import { openRuns } from './runs.ts';
import { createTrackingTables } from './schema.ts';

export interface Api {
  /** What answers `METHOD path`, and the parts of the path that stand for names. Throws ENDPOINT_NOT_FOUND. */
  route(method: string, path: string): { readonly handler: Handler; readonly params: readonly string[] };
  readonly artifacts: ArtifactApi;
}

interface Pattern {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

/** Parts of MLflow that the store does not have, by the first part of their paths. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  webhooks: 'webhooks: follow an alias with `loadline serve models:/NAME@ALIAS --watch` instead',
  traces: 'traces',
  'trace-metrics': 'traces',
  assessments: 'traces',
  gateway: 'the AI gateway',
  'gateway-proxy': 'the AI gateway',
  graphql: 'the web page',
  scorers: 'scorers',
  datasets: 'evaluation datasets',
  prompts: 'prompts',
  issues: 'issues',
  jobs: 'jobs',
  users: 'users and permissions: keys are set where the server is started',
  workspaces: 'workspaces',
};

/** Opens the API over a store, and makes its tables where there are none. Throws LL7008, LL7009. */
export function openApi(store: Store): Api {
  createTrackingTables(store);
  const metrics = openMetrics(store);
  const inputs = openInputs(store);
  const experiments = openExperiments(store);
  const runs = openRuns(store, experiments, metrics, inputs);
  const loggedModels = openLoggedModels(store, experiments, metrics);
  const registeredModels = openRegisteredModels(store);
  const artifacts = openArtifactApi(store, runs, loggedModels, registeredModels);
  const routes: Routes = {
    ...experiments.routes,
    ...runs.routes,
    ...loggedModels.routes,
    ...registeredModels.routes,
    ...modelVersionRoutes(store, registeredModels, runs, loggedModels),
    ...artifacts.routes,
  };
  const exact = new Map<string, Handler>();
  const patterns: Pattern[] = [];
  for (const [key, handler] of Object.entries(routes)) {
    const [method = '', path = ''] = key.split(' ');
    if (path.includes(':')) {
      patterns.push({ method, parts: path.split('/'), handler });
    } else {
      exact.set(key, handler);
    }
  }
  return {
    artifacts,
    route(method, path) {
      const handler = exact.get(`${method} ${path}`);
      if (handler !== undefined) {
        return { handler, params: [] };
      }
      const parts = path.split('/');
      const fitting = patterns.filter((pattern) => fits(pattern.parts, parts));
      const found = fitting.find((pattern) => pattern.method === method);
      if (found !== undefined) {
        const params = parts.filter((_, i) => found.parts[i]!.startsWith(':')).map(decodePart);
        return { handler: found.handler, params };
      }
      const others = [...exact.keys()]
        .filter((key) => key.endsWith(` ${path}`))
        .map((key) => key.split(' ')[0]!);
      throw notFound(method, path, [...others, ...fitting.map((pattern) => pattern.method)]);
    },
  };
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((part, i) => (part.startsWith(':') ? parts[i] !== '' : part === parts[i]))
  );
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What is said of a path that nothing answers; `others` are the methods that it has. */
export function notFound(method: string, path: string, others: readonly string[] = []): MlflowFault {
  if (others.length > 0) {
    const allow = [...new Set(others)].join(', ');
    return new MlflowFault('ENDPOINT_NOT_FOUND', `Cannot ${method} ${path}: it takes ${allow}`, {
      status: 405,
      headers: { allow },
    });
  }
  const elsewhere = ELSEWHERE[path.split('/')[0]!];
  return new MlflowFault(
    'ENDPOINT_NOT_FOUND',
    elsewhere === undefined
      ? `No API found for ${method} ${path}. This is Loadline's model store, which answers MLflow's API for tracking, artifacts, logged models and the model registry.`
      : `No API found for ${method} ${path}. Loadline's model store does not have ${elsewhere}. A real MLflow server has.`,
  );
}
