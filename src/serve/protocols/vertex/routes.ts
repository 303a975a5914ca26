/** Vertex AI gives a container its two routes by environment; the bodies are KServe V1's. */
import { LoadlineError } from '../../../errors.ts';
import { defineProtocol, plainRoute, predictRoute, type VertexRoutes } from '../define.ts';
import { decode } from '../v1/decode.ts';
import { encode } from '../v1/encode.ts';
import { encodeError } from '../v1/errors.ts';
import { checkV1Type, modelReadiness } from '../v1/routes.ts';

export const vertexProtocol = defineProtocol({
  name: 'vertex',
  owns: () => false,
  encodeError,
  routes: ({ vertex }) =>
    vertex === null
      ? []
      : [
          plainRoute('GET', vertex.health, true, (_, __, about) => modelReadiness(about)),
          predictRoute({ path: vertex.predict, checkType: checkV1Type, claims: () => true, decode, encode }),
        ],
});

/** What Vertex AI's environment asks of a container, or null outside of it. */
export interface VertexEnvironment {
  readonly routes: VertexRoutes;
  /** Port to listen on; null where it is not given. */
  readonly port: number | null;
}

/** Reads AIP_HTTP_PORT, AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE. Throws LL1005 when one of them cannot be used. */
export function vertexEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): VertexEnvironment | null {
  const health = environment.AIP_HEALTH_ROUTE;
  const predict = environment.AIP_PREDICT_ROUTE;
  if (health === undefined || predict === undefined) {
    return null;
  }
  const port = environment.AIP_HTTP_PORT === undefined ? null : Number(environment.AIP_HTTP_PORT);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new LoadlineError(
      'LL1005',
      `Cannot use AIP_HTTP_PORT: expected a port, found "${environment.AIP_HTTP_PORT}"`,
    );
  }
  for (const [name, route] of [
    ['AIP_HEALTH_ROUTE', health],
    ['AIP_PREDICT_ROUTE', predict],
  ] as const) {
    if (!/^\/[^\s?#{}%]*$/.test(route)) {
      throw new LoadlineError(
        'LL1005',
        `Cannot use ${name}: expected a path that starts with /, found "${route}"`,
      );
    }
  }
  return { routes: { health, predict }, port };
}
