/** MLflow: `{"predictions": […]}`. MLflow itself may write NaN, which is not JSON; here it is null. */
import type { Prediction } from '../../../model/prediction.ts';
import { type Answer, jsonAnswer } from '../../http.ts';
import { jsonProbabilities, jsonTarget } from '../../json.ts';
import type { Ask } from '../define.ts';

/** Probabilities alone where the model was logged with `pyfunc_predict_fn="predict_proba"`. */
export function encode({ target, probabilities }: Prediction, ask: Ask<null>): Answer {
  const predictions =
    ask.probabilities && probabilities !== null ? jsonProbabilities(probabilities) : jsonTarget(target);
  return jsonAnswer(`{"predictions":${predictions}}`);
}
