import type { ErrorCode } from '../../../errors.ts';
import type { Signature } from '../../../model/model.ts';
import { type Client, problemCode, type Question, replyText } from '../client.ts';
import { type CheckContext, defineCheck } from '../define.ts';
import { differs } from './answers.ts';

export const refusals = defineCheck({
  name: 'refusals',
  title: 'refuses what is wrong',
  needs: ['server'],
  async run(context) {
    const bad = badRequests(context.signature);
    for (const one of bad) {
      const fault = await refusalFault(context.client, one);
      if (fault !== null) {
        return { ok: false, detail: fault };
      }
    }
    const after = await goodRequest(context);
    return after === null
      ? {
          ok: true,
          detail: `${bad.length} bad requests, each with its own code`,
          values: { refused: bad.length },
        }
      : { ok: false, detail: `after ${bad.length} bad requests ${after}` };
  },
});

export interface BadRequest {
  readonly what: string;
  readonly path: string;
  readonly question: Question;
  readonly status: number;
  readonly code: ErrorCode;
}

/** Larger than any limit that a server is given. */
const TOO_LARGE = 2 ** 40;

/** Requests that no server of the model may take; without a signature those that hold for every model. */
export function badRequests(signature: Signature | null): readonly BadRequest[] {
  const predict = (what: string, question: Question, status: number, code: ErrorCode): BadRequest => ({
    what,
    path: '/predict',
    question,
    status,
    code,
  });
  const row = (what: string, features: unknown, code: ErrorCode): BadRequest =>
    predict(what, { body: JSON.stringify({ features: [features] }) }, 400, code);
  const width = signature?.features?.length;
  return [
    predict('a body that is no JSON', { body: '{"features": [1, 2' }, 400, 'LL2001'),
    predict('a body without features', { body: '{}' }, 400, 'LL2002'),
    ...(width === undefined
      ? []
      : [
          row('a row with a value too many', new Array(width + 1).fill(1), 'LL2003'),
          row('an object as a value', new Array(width).fill({}), 'LL2006'),
        ]),
    predict('a content type that is not JSON', { body: 'x', type: 'application/xml' }, 415, 'LL2010'),
    predict('a body that is too large', { announcedBytes: TOO_LARGE }, 413, 'LL2009'),
    predict('GET /predict', { method: 'GET' }, 405, 'LL2013'),
    { what: 'an unknown path', path: '/no-such-path', question: {}, status: 404, code: 'LL2011' },
  ];
}

async function refusalFault(
  client: Client,
  { what, path, question, status, code }: BadRequest,
): Promise<string | null> {
  const reply = await client.ask(path, question);
  return reply.status === status && problemCode(reply) === code
    ? null
    : `${what} is answered ${replyText(reply)}, expected ${status} ${code}`;
}

/** What is wrong with the answer to a good request; null where nothing is. */
async function goodRequest({ client, samples }: CheckContext): Promise<string | null> {
  if (samples !== null) {
    return await differs(client, samples.batch);
  }
  const { status } = await client.ask('/readyz');
  return status === 200 ? null : `GET /readyz answers ${status}`;
}
