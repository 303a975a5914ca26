/** KServe V1: `{"error": "…"}`. */
import type { LoadlineError } from '../../../errors.ts';
import { type Answer, jsonAnswer } from '../../http.ts';

export function encodeError(error: LoadlineError): Answer {
  // The prefix is KServe's, which clients look for.
  const message = error.code === 'LL2001' ? `Unrecognized request format: ${error.message}` : error.message;
  return jsonAnswer(JSON.stringify({ error: message }), error.http);
}
