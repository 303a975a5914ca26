/** KServe V1: `{"predictions": […]}`. */
import type { Prediction } from '../../../model/prediction.ts';
import { type Answer, jsonAnswer } from '../../http.ts';
import { jsonTarget } from '../../json.ts';

export function encode({ target }: Prediction): Answer {
  return jsonAnswer(`{"predictions":${jsonTarget(target)}}`);
}
