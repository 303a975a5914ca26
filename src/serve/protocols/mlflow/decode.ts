/** MLflow's scoring protocol, version 2.0 and later: `dataframe_split`, `dataframe_records`, `instances`, `inputs`, or CSV. */
import { LoadlineError } from '../../../errors.ts';
import { rowsToData } from '../../../model/rows.ts';
import { fitScoringRows, scoringRows } from '../../../model/scoring-rows.ts';
import { parseCsv } from '../../csv.ts';
import { type HttpRequest, mediaType, typeParameters } from '../../http.ts';
import { parsePythonJson } from '../../json.ts';
import type { Ask, Dialect, Served } from '../define.ts';

/** Throws LL2001, LL2002, LL2018 and what `rowsToData` throws. */
export function decode(request: HttpRequest, served: Served, dialect: Dialect): Ask<null> {
  const { signature } = served.model;
  const rows =
    mediaType(request.contentType) === 'text/csv'
      ? parseCsv(request.body, signature, csvHeader(request, dialect))
      : scoringRows(parsePythonJson(request.body), signature);
  return {
    rows: rowsToData(fitScoringRows(rows, signature), signature),
    ...methodOf(served),
    detail: null,
  };
}

/** The method that the model was logged to be asked by (`pyfunc_predict_fn`). Throws LL1009 for one that is not answered. */
function methodOf({ model: { declared } }: Served): Pick<Ask, 'method' | 'probabilities'> {
  const predictFn = declared?.predictFn ?? 'predict';
  switch (predictFn) {
    case 'predict':
    case 'transform':
      return { method: predictFn, probabilities: false };
    case 'predict_proba':
      return { method: 'predict', probabilities: true };
    default:
      throw new LoadlineError(
        'LL1009',
        `The model was logged to be asked by ${predictFn}, which /invocations does not answer: expected predict, predict_proba or transform`,
      );
  }
}

/** MLflow itself always takes the first line as a header. */
function csvHeader(request: HttpRequest, dialect: Dialect): 'present' | 'absent' | 'auto' {
  const said = typeParameters(request.contentType).get('header');
  return said === 'present' || said === 'absent' ? said : dialect === 'mlflow' ? 'present' : 'auto';
}
