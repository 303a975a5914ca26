/** Input examples: what the author of a model says it can be asked. */
import type { ExactJson } from '../../bytes/exact-json.ts';
import { isExactObject, plainJson } from '../../bytes/exact-json.ts';
import type { ExampleInfo } from './mlmodel.ts';

/**
 * The body for `/invocations` that MLflow makes of an input example that it saved without one (before 2.14); null for a
 * kind that it has no body for. Source: mlflow/models/utils.py, _Example.
 */
export function servingBody(example: ExactJson, info: ExampleInfo): unknown {
  const input =
    info.withParams && isExactObject(example) ? (example.fields.get('inputs') ?? example) : example;
  if (info.type === 'dataframe') {
    return { dataframe_split: plainJson(input) };
  }
  // MLflow 1.x and early 2.x wrote arrays as {"inputs": …}.
  const wrapped = isExactObject(input) && input.fields.has('inputs') ? input.fields.get('inputs') : input;
  return info.type === 'ndarray' || info.type === 'json_object'
    ? { inputs: plainJson(wrapped ?? null) }
    : null;
}
