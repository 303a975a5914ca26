/** Open Inference Protocol V2, with the binary extension and the model repository extension. */
import { LoadlineError } from '../../../errors.ts';
import { typeName } from '../../../model/rows.ts';
import { typeCheck } from '../../content-type.ts';
import { type Answer, type HttpRequest, jsonAnswer } from '../../http.ts';
import { parseJson } from '../../json.ts';
import {
  defineProtocol,
  type PlainRoute,
  plainRoute,
  predictRoute,
  type Repository,
  type Site,
  type SiteModel,
} from '../define.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { encodeError } from './errors.ts';
import { inputTensors, outputTensors } from './metadata.ts';

const checkType = typeCheck(['', 'application/json', 'application/octet-stream']);

/** Paths of a model, with and without its version. */
const MODEL_PATHS = ['/v2/models/{model}', '/v2/models/{model}/versions/{version}'];

export const v2Protocol = defineProtocol({
  name: 'v2',
  owns: (path) => path === '/v2' || path.startsWith('/v2/'),
  encodeError,
  routes: () => [
    ...MODEL_PATHS.map((path) =>
      predictRoute({ path: `${path}/infer`, compress: true, checkType, decode, encode }),
    ),
    get('/v2/health/live', true, () => ({ live: true })),
    plainRoute('GET', '/v2/health/ready', true, (_, site) => {
      const ready = site.state() === 'ready';
      return jsonAnswer(JSON.stringify({ ready }), ready ? 200 : 503);
    }),
    get('/v2', false, serverMetadata),
    get('/v2/models', false, (site) => ({ models: site.models().map(({ name }) => name) })),
    ...MODEL_PATHS.flatMap((path) => [
      get(path, false, (_, about) => modelMetadata(about)),
      get(`${path}/ready`, true, (_, { name, state }) => {
        if (state !== 'ready') {
          throw notReady(name);
        }
        return { name, ready: true };
      }),
    ]),
    plainRoute('POST', '/v2/repository/index', false, listModels),
    plainRoute('POST', '/v2/repository/models/{model}/load', false, async (_, site, { name }) => {
      await repositoryOf(site).load(name);
      return jsonAnswer(JSON.stringify({ name, load: true }));
    }),
    plainRoute('POST', '/v2/repository/models/{model}/unload', false, async (_, site, { name }) => {
      await repositoryOf(site).unload(name);
      return jsonAnswer(JSON.stringify({ name, unload: true }));
    }),
  ],
});

function get(path: string, open: boolean, body: (site: Site, about: SiteModel) => unknown): PlainRoute {
  return plainRoute('GET', path, open, (_, site, about) => jsonAnswer(JSON.stringify(body(site, about))));
}

function serverMetadata(site: Site): unknown {
  const extensions = ['binary_tensor_data', ...(site.repository === null ? [] : ['model_repository'])];
  return { name: 'loadline', version: site.software, extensions };
}

function modelMetadata({ name, served, versions }: SiteModel): unknown {
  if (served === null) {
    throw notReady(name);
  }
  const { signature } = served.model;
  return {
    name,
    ...(versions.length === 0 ? {} : { versions }),
    platform: 'sklearn',
    inputs: inputTensors(signature),
    outputs: outputTensors(signature),
  };
}

/** One entry per version, as Triton lists them. */
function listModels(request: HttpRequest, site: Site): Answer {
  const body = request.body.length === 0 ? {} : parseJson(request.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LoadlineError('LL2002', `Expected {"ready"?: true}, found ${typeName(body)}`);
  }
  const entries = site.models().flatMap(({ name, state, versions }) => {
    const ready = state === 'ready';
    const entry = { state: ready ? 'READY' : 'UNAVAILABLE', reason: ready ? '' : state };
    return versions.length === 0
      ? [{ name, ...entry }]
      : versions.map((version) => ({ name, version, ...entry }));
  });
  const onlyReady = 'ready' in body && body.ready === true;
  return jsonAnswer(JSON.stringify(onlyReady ? entries.filter(({ state }) => state === 'READY') : entries));
}

function repositoryOf(site: Site): Repository {
  if (site.repository === null) {
    throw new LoadlineError(
      'LL5005',
      'Models are loaded and unloaded over HTTP only by a server that asks for keys',
    );
  }
  return site.repository;
}

function notReady(name: string): LoadlineError {
  return new LoadlineError('LL5003', `Model with name ${name} is not ready.`);
}
