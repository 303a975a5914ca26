/** Open Inference Protocol V2: `{"error": "…"}`. */
import type { LoadlineError } from '../../../errors.ts';
import { type Answer, jsonAnswer } from '../../http.ts';

export function encodeError(error: LoadlineError): Answer {
  return jsonAnswer(JSON.stringify({ error: error.message }), error.http);
}
