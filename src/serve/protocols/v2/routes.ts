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
    get('/v2/models', false, (site) => ({ models: [site.name] })),
    ...MODEL_PATHS.flatMap((path) => [
      get(path, false, modelMetadata),
      get(`${path}/ready`, true, (site) => {
        if (site.state() !== 'ready') {
          throw notReady(site);
        }
        return { name: site.name, ready: true };
      }),
    ]),
    plainRoute('POST', '/v2/repository/index', false, listModels),
    plainRoute('POST', '/v2/repository/models/{model}/load', false, async (_, site) => {
      await repositoryOf(site).load();
      return jsonAnswer(JSON.stringify({ name: site.name, load: true }));
    }),
    plainRoute('POST', '/v2/repository/models/{model}/unload', false, async (_, site) => {
      await repositoryOf(site).unload();
      return jsonAnswer(JSON.stringify({ name: site.name, unload: true }));
    }),
  ],
});

function get(path: string, open: boolean, body: (site: Site) => unknown): PlainRoute {
  return plainRoute('GET', path, open, (_, site) => jsonAnswer(JSON.stringify(body(site))));
}

function serverMetadata(site: Site): unknown {
  const extensions = ['binary_tensor_data', ...(site.repository === null ? [] : ['model_repository'])];
  return { name: 'loadline', version: site.software, extensions };
}

function modelMetadata(site: Site): unknown {
  const served = site.served();
  if (served === null) {
    throw notReady(site);
  }
  const { signature } = served.model;
  return {
    name: site.name,
    ...(site.version === null ? {} : { versions: [site.version] }),
    platform: 'sklearn',
    inputs: inputTensors(signature),
    outputs: outputTensors(signature),
  };
}

function listModels(request: HttpRequest, site: Site): Answer {
  const body = request.body.length === 0 ? {} : parseJson(request.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LoadlineError('LL2002', `Expected {"ready"?: true}, found ${typeName(body)}`);
  }
  const ready = site.state() === 'ready';
  const entry = {
    name: site.name,
    ...(site.version === null ? {} : { version: site.version }),
    state: ready ? 'READY' : 'UNAVAILABLE',
    reason: ready ? '' : site.state(),
  };
  const onlyReady = 'ready' in body && body.ready === true;
  return jsonAnswer(JSON.stringify(onlyReady && !ready ? [] : [entry]));
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

function notReady(site: Site): LoadlineError {
  return new LoadlineError('LL5003', `Model with name ${site.name} is not ready.`);
}
