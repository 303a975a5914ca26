/** Requests as the checks send them: each on a connection of its own, so that one's fate is not another's. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Question {
  /** POST where there is a body, else GET. */
  readonly method?: string;
  /** JSON text. */
  readonly body?: string;
  /** Says that so many bytes follow, and sends none. */
  readonly announcedBytes?: number;
  readonly type?: string;
  /** Without an answer for this long a server hangs. */
  readonly timeoutMs?: number;
}

export interface Reply {
  readonly status: number;
  /** Media type without its parameters. */
  readonly type: string;
  readonly text: string;
}

export interface Client {
  /** Rejects with an Error that says why no answer came. */
  ask(path: string, question?: Question): Promise<Reply>;
}

/** Long beside any answer, so that a slow model on a busy machine is not taken for one that hangs. */
const HANG_MS = 30_000;

/** A client of the server at `url`; `authorization` is the value of that header. */
export function openClient(url: string, signal: AbortSignal, authorization: string | null = null): Client {
  return {
    ask(path, question = {}) {
      const { body = '', announcedBytes, type = 'application/json', timeoutMs = HANG_MS } = question;
      const length = announcedBytes ?? Buffer.byteLength(body);
      const start = url.startsWith('https:') ? httpsRequest : httpRequest;
      const headers = {
        ...(length > 0 ? { 'content-type': type, 'content-length': length } : {}),
        ...(authorization === null ? {} : { authorization }),
      };
      const method = question.method ?? (length > 0 ? 'POST' : 'GET');
      return new Promise((resolve, reject) => {
        const sent = start(`${url}${path}`, { method, headers, agent: false, signal }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', reject);
          response.on('end', () => {
            const [media = ''] = (response.headers['content-type'] ?? '').split(';', 1);
            resolve({ status: response.statusCode ?? 0, type: media.trim(), text });
            sent.destroy();
          });
        });
        const late = setTimeout(
          () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
          timeoutMs,
        );
        sent.on('close', () => clearTimeout(late));
        sent.on('error', reject);
        if (announcedBytes === undefined) {
          sent.end(body);
        } else {
          sent.flushHeaders();
        }
      });
    },
  };
}

/** Code of an answer in Loadline's form of a refusal (RFC 9457); null where it is none. */
export function problemCode({ type, text }: Reply): string | null {
  if (type !== 'application/problem+json') {
    return null;
  }
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === 'string' && /^LL\d{4}$/.test(code) ? code : null;
  } catch {
    return null;
  }
}

/** What an answer was, for a message: `200`, `400 LL2003`. */
export function replyText(reply: Reply): string {
  const code = problemCode(reply);
  return code === null ? String(reply.status) : `${reply.status} ${code}`;
}
