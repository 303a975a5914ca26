/** KServe V1. */
import { typeCheck } from '../../content-type.ts';
import { type Answer, jsonAnswer } from '../../http.ts';
import { defineProtocol, plainRoute, predictRoute, type SiteModel } from '../define.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { encodeError } from './errors.ts';

export const checkV1Type = typeCheck(['', 'application/json', 'application/cloudevents+json']);

export const v1Protocol = defineProtocol({
  name: 'v1',
  owns: (path) => path === '/v1' || path.startsWith('/v1/'),
  encodeError,
  routes: () => [
    plainRoute('GET', '/v1/models', false, (_, site) =>
      jsonAnswer(JSON.stringify({ models: site.models().map(({ name }) => name) })),
    ),
    plainRoute('GET', '/v1/models/{model}', true, (_, __, about) => modelReadiness(about)),
    predictRoute({ path: '/v1/models/{model}:predict', checkType: checkV1Type, decode, encode }),
  ],
});

/** KServe's answer to the readiness probe of a model. */
export function modelReadiness({ name, state }: SiteModel): Answer {
  return state === 'ready'
    ? jsonAnswer(JSON.stringify({ name, ready: true }))
    : jsonAnswer(JSON.stringify({ error: `Model with name ${name} is not ready.` }), 503);
}
