/** A request and its answer as protocols see them: no socket, so that a protocol's tests run in memory. */
import type { IncomingHttpHeaders } from 'node:http';

export interface HttpRequest {
  /** Percent-decoded, without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The Content-Type header as it came. */
  readonly contentType: string | undefined;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Further headers: name, value, name, value … */
  readonly headers?: readonly string[];
}

export const JSON_TYPE = 'application/json';

/** An answer of JSON text. */
export function jsonAnswer(body: string, status = 200): Answer {
  return { status, type: JSON_TYPE, body };
}

/** An answer of plain text. */
export function textAnswer(body: string, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

/** A header by its lower-case name; the first one where it came several times. */
export function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A media type without its parameters, in lower case; empty where the header is absent. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** The parameters of a media type by lower-case name, without quotes. */
export function typeParameters(contentType: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of (contentType ?? '').split(';').slice(1)) {
    const [name = '', ...value] = part.split('=');
    parameters.set(
      name.trim().toLowerCase(),
      value
        .join('=')
        .trim()
        .replace(/^"(.*)"$/, '$1'),
    );
  }
  return parameters;
}
