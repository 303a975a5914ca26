/** What was declared of a model against the model itself. */
import { LoadlineError } from '../errors.ts';
import type { Declared, DeclaredInput } from './declared.ts';
import type { Fitted } from './fitted.ts';
import { METHODS } from './fitted.ts';
import type { Model, NamedFeature } from './model.ts';

/** MLflow's column types and numpy's dtypes that no number can be made of. A tensor of objects may hold numbers. */
const NO_NUMBER =
  /^(?:string|binary|datetime(?:64.*)?|timedelta64.*|array|map|str\d*|bytes\d*|[<>|=]?[USMm]\d.*)$/;
/** Those that no text is in. */
const NO_TEXT =
  /^(?:double|float\d*|long|integer|boolean|bool|u?int\d*|complex\d*|binary|datetime|array|map)$/;
/** More names would not be read. */
const SHOWN = 6;

/**
 * Checks the declared inputs against the model's own: number and names of columns, width of a tensor, types that cannot
 * fit; and that it has the method that MLflow would call. Columns that are declared optional may be more than the model
 * takes, and a model trained without names takes columns of any name. Nothing declared is nothing to check. Throws LL7013
 * naming declared and found.
 */
export function checkDeclared(model: Model): void {
  const { declared, signature } = model;
  if (declared === null) {
    return;
  }
  checkMethod(model, declared);
  const { inputs } = declared;
  if (inputs === null || inputs.length === 0) {
    return;
  }
  if (signature.input === 'texts') {
    checkTexts(model, inputs);
  } else if (signature.features !== null) {
    const [only] = inputs;
    if (inputs.length === 1 && only !== undefined && only.shape !== null && only.name === null) {
      checkTensor(model, only, only.shape, signature.features);
    } else {
      checkColumns(model, inputs, signature.features);
    }
  }
}

function checkMethod(model: Model, { predictFn }: Declared): void {
  const known = Object.entries(METHODS).find(([, name]) => name === predictFn)?.[0];
  if (known !== undefined && !model.signature.methods.some((method) => method === known)) {
    const found = model.signature.methods.map((method) => METHODS[method]).join(', ');
    throw unfit(model, `is asked by ${predictFn}`, `the model has ${found}`);
  }
}

function checkTexts(model: Model, inputs: readonly DeclaredInput[]): void {
  const required = inputs.filter((input) => input.required);
  if (required.length > 1) {
    throw unfit(model, `takes ${required.length} columns`, 'the model takes one text a row');
  }
  const wrong = required.find(({ type }) => NO_TEXT.test(type));
  if (wrong !== undefined) {
    throw unfit(model, `takes ${wrong.type}`, 'the model takes one text a row');
  }
}

function checkTensor(
  model: Model,
  { type }: DeclaredInput,
  shape: readonly number[],
  features: readonly NamedFeature[],
): void {
  // A tensor of one dimension has one value a row.
  const width = shape.length === 1 ? 1 : (shape[1] ?? -1);
  if (shape.length > 2 || shape.length === 0 || (width >= 0 && width !== features.length)) {
    throw unfit(
      model,
      `takes a tensor of shape [${shape.join(', ')}]`,
      `the model takes [-1, ${features.length}]`,
    );
  }
  const numeric = features.find(({ kind }) => kind === 'number');
  if (numeric !== undefined && NO_NUMBER.test(type)) {
    throw unfit(model, `takes a tensor of ${type}`, `the model takes numbers for ${numeric.name}`);
  }
}

function checkColumns(
  model: Model,
  inputs: readonly DeclaredInput[],
  features: readonly NamedFeature[],
): void {
  const required = inputs.filter((input) => input.required);
  if (!model.signature.named || inputs.every(({ name }) => name === null)) {
    if (inputs.length < features.length || required.length > features.length) {
      throw unfit(model, `takes ${inputs.length} columns`, `the model takes ${features.length}`);
    }
    for (const [i, feature] of features.entries()) {
      checkType(model, inputs[i]!, feature);
    }
    return;
  }
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const missing = features.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  const known = new Set(features.map(({ name }) => name));
  const extra = required
    .filter(({ name }) => name !== null && !known.has(name))
    .map(({ name }) => name ?? '');
  if (missing.length > 0) {
    throw unfit(
      model,
      `takes ${listed(inputs.map(({ name }) => name ?? '?'))}`,
      `the model also takes ${listed(missing)}`,
    );
  }
  if (extra.length > 0 && !choosesColumns(model.fitted)) {
    throw unfit(model, `takes ${listed(extra)}`, `the model takes only ${listed([...known])}`);
  }
  for (const feature of features) {
    checkType(model, byName.get(feature.name)!, feature);
  }
}

/** Whether some part picks its columns by name: scikit-learn then lets a table have more of them. */
function choosesColumns({ name, children }: Fitted): boolean {
  return (
    name === 'ColumnTransformer' ||
    children.some(({ fitted }) => typeof fitted !== 'string' && choosesColumns(fitted))
  );
}

function checkType(model: Model, { type }: DeclaredInput, { name, kind }: NamedFeature): void {
  if (kind === 'number' && NO_NUMBER.test(type)) {
    throw unfit(model, `has ${type} for ${name}`, 'the model takes a number');
  }
  if (kind === 'text' && NO_TEXT.test(type)) {
    throw unfit(model, `has ${type} for ${name}`, 'the model takes a text');
  }
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function unfit(model: Model, declared: string, found: string): LoadlineError {
  return new LoadlineError('LL7013', `The signature in the MLmodel ${declared}, but ${found}`, {
    where: model.origin.file,
  });
}
