/** Loadline's own answer: `{"prediction": […]}`, with `"probabilities"` and `"classes"` when they were asked for. */
import type { Prediction } from '../../../model/prediction.ts';
import { type Answer, jsonAnswer } from '../../http.ts';
import { jsonClasses, jsonProbabilities, jsonTarget } from '../../json.ts';

export function encode({ target, probabilities, classes }: Prediction): Answer {
  const prediction = jsonTarget(target);
  if (probabilities === null) {
    return jsonAnswer(`{"prediction":${prediction}}`);
  }
  return jsonAnswer(
    `{"prediction":${prediction},"probabilities":${jsonProbabilities(probabilities)},"classes":${jsonClasses(classes ?? [])}}`,
  );
}
