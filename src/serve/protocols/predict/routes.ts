/** Loadline's own routes: prediction, probes, metrics, the API's description, and `/`. */
import { METRICS_TYPE } from '../../../monitor/metrics/render.ts';
import { typeCheck } from '../../content-type.ts';
import { type Answer, header, jsonAnswer } from '../../http.ts';
import { describeApi } from '../../openapi.ts';
import { PAGE_HEADERS, renderPage } from '../../page/page.ts';
import { PAGE_SCRIPT } from '../../page/script.ts';
import { PAGE_STYLE } from '../../page/style.ts';
import { defineProtocol, plainRoute, predictRoute, type Site } from '../define.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { encodeError } from './errors.ts';

export const predictProtocol = defineProtocol({
  name: 'loadline',
  owns: () => true,
  encodeError,
  routes: () => [
    predictRoute({
      path: '/predict',
      // What `curl -d` sends without being told otherwise, and what a browser's form or fetch sends, is read as JSON too.
      checkType: typeCheck(['', 'application/json', 'text/plain', 'application/x-www-form-urlencoded']),
      decode,
      encode,
    }),
    plainRoute('GET', '/healthz', true, () => jsonAnswer('{"status":"alive"}')),
    plainRoute('GET', '/readyz', true, (_, site) => readiness(site)),
    plainRoute('GET', '/metrics', false, async (_, site) => ({
      status: 200,
      type: METRICS_TYPE,
      body: await site.metrics(),
    })),
    plainRoute('GET', '/openapi.json', false, (_, site, about) =>
      jsonAnswer(JSON.stringify(describeApi(site, about), null, 2)),
    ),
    {
      kind: 'plain',
      method: 'GET',
      path: '/',
      // KServe's liveness probe; the page shows the signature, and so is not open.
      isOpen: ({ headers }) => !wantsPage(headers.accept),
      handle: (request, _, { served }) =>
        served !== null && wantsPage(header(request, 'accept'))
          ? pagePart('text/html; charset=utf-8', renderPage(served.model, served.name))
          : jsonAnswer('{"status":"alive"}'),
    },
    plainRoute('GET', '/page.css', true, () => pagePart('text/css; charset=utf-8', PAGE_STYLE)),
    plainRoute('GET', '/page.js', true, () => pagePart('text/javascript; charset=utf-8', PAGE_SCRIPT)),
  ],
});

/** With what answers now and, where references are followed, how that goes: a version that was refused does not make the server unready. */
function readiness(site: Site): Answer {
  const state = site.state();
  const following = site.follows().map(({ name, reference, seenAt, wanted, problem }) => ({
    model: name,
    reference,
    wanted,
    seenAt: timeText(seenAt),
    problem: problem === null ? null : { ...problem, since: timeText(problem.since) },
  }));
  const body = {
    status: state,
    models: site.models().map(({ name, served }) => ({ name, version: served?.version ?? null })),
    ...(following.length === 0 ? {} : { following }),
  };
  return jsonAnswer(JSON.stringify(body), state === 'ready' ? 200 : 503);
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function pagePart(type: string, body: string): Answer {
  return { status: 200, type, body, headers: Object.entries(PAGE_HEADERS).flat() };
}

function wantsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true;
}
