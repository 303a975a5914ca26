/** SageMaker: the message as plain text, which the service shows to the caller as it is. */
import type { LoadlineError } from '../../../errors.ts';
import { type Answer, textAnswer } from '../../http.ts';

export function encodeError(error: LoadlineError): Answer {
  return textAnswer(`${error.code}: ${error.message}\n`, error.http);
}
