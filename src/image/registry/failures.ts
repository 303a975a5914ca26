/** What went wrong between here and a registry, in words a person can act on. */
import type { IncomingMessage } from 'node:http';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { explainFault, oneLine } from '../../net/fault.ts';
import { Passing, parseRetryAfter } from '../../net/retry.ts';
import { readBody } from '../../net/transport.ts';

/** Longest body of a failure that is read. */
const MAX_BODY = 64 * 1024;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/** What was being done, for messages. */
export interface Doing {
  /** As in `read the manifest "v1" of team/app`. */
  readonly what: string;
  /** Name of the registry or mirror. */
  readonly registry: string;
  readonly repository: string;
}

/**
 * The failure of a connection: LL6003, as one that may pass unless the reason is a name that does not exist or a
 * certificate. What has a code already stays as it is.
 */
export function connectionFailure(error: unknown, host: string, doing: Doing): LoadlineError | Passing {
  if (isLoadlineError(error) || error instanceof Passing) {
    return error;
  }
  const { kind, code, reason } = explainFault(error);
  const detail = { where: placeOf(doing), cause: error };
  const cannot = `Cannot ${doing.what}: ${host} cannot be reached`;
  const failure = new LoadlineError('LL6003', `${cannot}: ${reason}`, detail);
  switch (kind) {
    case 'certificate':
      return new LoadlineError('LL6003', failure.message, {
        ...detail,
        fix: `Put the certificate of its authority into /etc/docker/certs.d/${host}/ca.crt or NODE_EXTRA_CA_CERTS; or pass --insecure to do without.`,
      });
    case 'not-tls':
      return new LoadlineError('LL6003', `${cannot}: it does not speak HTTPS (${code})`, {
        ...detail,
        fix: 'Check the host and the port; pass --insecure if it is meant to be plain HTTP.',
      });
    case 'unknown-name':
      return failure;
    case 'passing':
      return new Passing(failure);
  }
}

/**
 * The failure an answer stands for, with the registry's own words: LL6002 for 404, LL6004 for 401 and 403, LL6005 for 429,
 * LL6006 for all others. It ends the answer's body. `account` says who asked, as in `as user "ada"`.
 */
export async function answerFailure(
  response: IncomingMessage,
  doing: Doing,
  host: string,
  account: string,
): Promise<LoadlineError | Passing> {
  const status = response.statusCode ?? 0;
  // The status tells enough where the words do not come.
  const body = await readBody(response, MAX_BODY).catch(() => '');
  const words = registryWords(body.toString());
  const said = `${host} answers ${status}${words === '' ? '' : ` (${words})`}`;
  const cannot = `Cannot ${doing.what}: ${said}`;
  const detail = { where: placeOf(doing) };
  if (status === 401 || status === 403) {
    return new LoadlineError('LL6004', `${cannot}; asked ${account}`, {
      ...detail,
      fix: `Log in with \`docker login ${doing.registry}\`, and check that the account may do this; some registries also say so of a repository that is not there.`,
    });
  }
  if (status === 404) {
    return new LoadlineError('LL6002', cannot, detail);
  }
  const failure = new LoadlineError(status === 429 ? 'LL6005' : 'LL6006', cannot, detail);
  const { 'retry-after': after, date } = response.headers;
  return PASSING.has(status) ? new Passing(failure, parseRetryAfter(after, date)) : failure;
}

export function placeOf(doing: Pick<Doing, 'registry' | 'repository'>): string {
  return `${doing.registry}/${doing.repository}`;
}

/** `CODE: message` of the distribution specification's error document, or of those token servers send. */
function registryWords(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return '';
  }
  const { errors, error, error_description, details, message } = Object(value) as Record<string, unknown>;
  const first = Object(Array.isArray(errors) ? errors[0] : null) as Record<string, unknown>;
  const parts = [[first.code, first.message], [error, error_description], [details], [message]].map((pair) =>
    pair.filter((part) => typeof part === 'string' && part !== '').join(': '),
  );
  return oneLine(parts.find((part) => part !== '') ?? '');
}
