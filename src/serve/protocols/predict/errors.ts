/** Errors as RFC 9457 has them, with our code, the row, the field and what to do. */
import type { LoadlineError } from '../../../errors.ts';
import type { Answer } from '../../http.ts';

export function encodeError(error: LoadlineError): Answer {
  const { row, field } = error.detail;
  return {
    status: error.http,
    type: 'application/problem+json',
    body: JSON.stringify({
      type: `urn:loadline:error:${error.code}`,
      title: error.title,
      status: error.http,
      detail: error.message,
      code: error.code,
      row,
      field,
      fix: error.fix,
    }),
  };
}
