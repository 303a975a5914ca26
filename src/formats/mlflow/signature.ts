/** MLflow's signatures: JSON within the YAML of an MLmodel. Source: mlflow/types/schema.py, 2.22 and 3.17. */
import type { ExactJson, ExactObject } from '../../bytes/exact-json.ts';
import { isExactObject } from '../../bytes/exact-json.ts';
import type { DeclaredInput } from '../../model/declared.ts';

/** The columns or tensors of one side of a signature; null where it is none that MLflow writes. */
export function parseSchema(schema: ExactJson): readonly DeclaredInput[] | null {
  if (!Array.isArray(schema)) {
    return null;
  }
  const inputs = (schema as readonly ExactJson[]).map((item) =>
    isExactObject(item) ? parseInput(item) : null,
  );
  return inputs.every((input) => input !== null) ? inputs : null;
}

function parseInput({ fields }: ExactObject): DeclaredInput | null {
  const given = fields.get('name');
  // A data frame without names of its own has numbers for names.
  const name = typeof given === 'string' ? given : typeof given === 'number' ? String(given) : null;
  const type = fields.get('type');
  if (typeof type !== 'string') {
    return null;
  }
  // `optional` is MLflow 2.0's spelling.
  const required = fields.get('required') !== false && fields.get('optional') !== true;
  const spec = fields.get('tensor-spec');
  if (type !== 'tensor') {
    return { name, type, required, shape: null };
  }
  const dtype = isExactObject(spec) ? spec.fields.get('dtype') : undefined;
  const shape = isExactObject(spec) ? spec.fields.get('shape') : undefined;
  const sizes = Array.isArray(shape) ? (shape as readonly ExactJson[]) : null;
  return typeof dtype === 'string' &&
    sizes?.every((size): size is number => typeof size === 'number') === true
    ? { name, type: dtype, required, shape: sizes }
    : null;
}
