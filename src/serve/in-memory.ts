/** A request answered without a socket: what the tests of protocols use. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Core } from './core.ts';
import type { Answer } from './http.ts';
import { answerPlain, createTask, enter, type Head, stepTask } from './pipeline.ts';

export interface InMemoryRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers?: IncomingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** Answers a request as the server would, but at once: there is no queue. */
export async function answerInMemory(core: Core, request: InMemoryRequest): Promise<Answer> {
  const { pipeline } = core;
  const body = Buffer.from((request.body ?? '') as string);
  const head: Head = {
    method: request.method ?? (request.body === undefined ? 'GET' : 'POST'),
    url: request.url,
    headers: { 'content-length': String(body.length), ...request.headers },
  };
  const visit = enter(pipeline, head);
  if ('answer' in visit) {
    return visit.answer;
  }
  if (visit.endpoint.route.kind === 'plain') {
    return answerPlain(pipeline, visit, body);
  }
  const task = createTask(visit, body);
  for (;;) {
    const answer = stepTask(pipeline, task);
    if (answer !== null) {
      return answer;
    }
  }
}
