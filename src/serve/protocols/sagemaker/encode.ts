/** SageMaker: a bare JSON array, or CSV or .npy when Accept says so. */

import { targetNumbers } from '../../../model/data.ts';
import type { Prediction } from '../../../model/prediction.ts';
import { writeNpy } from '../../../tensor/npy.ts';
import { csvOf } from '../../csv.ts';
import { type Answer, jsonAnswer } from '../../http.ts';
import { jsonTarget } from '../../json.ts';
import type { Ask } from '../define.ts';
import { NPY_TYPE, type SageMakerAccept } from './decode.ts';

export function encode(prediction: Prediction, ask: Ask<SageMakerAccept>): Answer {
  const { target } = prediction;
  switch (ask.detail) {
    case 'csv':
      return { status: 200, type: 'text/csv; charset=utf-8', body: csvOf(prediction) };
    case 'npy': {
      const shape = target.oneD ? [target.nRows] : [target.nRows, target.nCols];
      return { status: 200, type: NPY_TYPE, body: writeNpy(targetNumbers(target), shape) };
    }
    case 'json':
      return jsonAnswer(jsonTarget(target));
  }
}
