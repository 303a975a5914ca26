/** MLflow: `{"error_code": NAME, "message": text}`, and plain text where the web framework below it answers. */
import type { ErrorCode, LoadlineError } from '../../../errors.ts';
import { type Answer, jsonAnswer, textAnswer } from '../../http.ts';

/** MLflow's names; a body that does not agree with the signature is an invalid parameter to it, any other a bad request. */
const NAMES: Partial<Readonly<Record<ErrorCode, string>>> = {
  LL2003: 'INVALID_PARAMETER_VALUE',
  LL2004: 'INVALID_PARAMETER_VALUE',
  LL2005: 'INVALID_PARAMETER_VALUE',
  LL2011: 'ENDPOINT_NOT_FOUND',
  LL2012: 'RESOURCE_DOES_NOT_EXIST',
  LL2016: 'UNAUTHENTICATED',
  LL2017: 'REQUEST_LIMIT_EXCEEDED',
  LL5001: 'RESOURCE_EXHAUSTED',
  LL5002: 'TEMPORARILY_UNAVAILABLE',
  LL5003: 'TEMPORARILY_UNAVAILABLE',
  LL5004: 'DEADLINE_EXCEEDED',
  LL5005: 'PERMISSION_DENIED',
};

/** Messages that MLflow begins so, and that clients look for. */
const PREFIXED: ReadonlySet<ErrorCode> = new Set(['LL2001', 'LL2002', 'LL2006', 'LL2014', 'LL2018']);

export function encodeError(error: LoadlineError): Answer {
  const { code, http, message } = error;
  if (code === 'LL2010') {
    return textAnswer(message, http);
  }
  if (code === 'LL2013') {
    return jsonAnswer('{"detail":"Method Not Allowed"}', http);
  }
  const name = NAMES[code] ?? (http < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR');
  const text = PREFIXED.has(code) ? `Invalid input. ${message}` : message;
  return jsonAnswer(JSON.stringify({ error_code: name, message: text }), http);
}
