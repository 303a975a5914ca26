/** What an MLmodel says, for people. */
import type { Declared, DeclaredInput } from './declared.ts';

/** More columns than this are counted. */
const SHOWN = 12;

/** Rows of a title and a text, in the order they are shown: what is not said is left out. */
export function describeDeclared(declared: Declared): readonly (readonly [title: string, text: string])[] {
  const { mlflow, sklearn, runId, modelId, inputs, outputs, predictFn, example, faults } = declared;
  const libraries = [
    mlflow === null ? null : `MLflow ${mlflow}`,
    sklearn === null ? null : `scikit-learn ${sklearn}`,
  ].filter((part) => part !== null);
  const rows: readonly (readonly [string, string | null])[] = [
    ['logged by', libraries.length === 0 ? null : libraries.join(', ')],
    ['run', runId],
    ['model id', modelId],
    ['takes', inputs === null ? null : inputsText(inputs)],
    ['gives', outputs === null ? null : inputsText(outputs)],
    ['asked by', predictFn === 'predict' ? null : predictFn],
    ['example', example === null ? null : Object.keys(Object(example)).join(', ')],
    ...faults.map((fault): readonly [string, string] => ['not read', fault]),
  ];
  return rows.filter((row): row is readonly [string, string] => row[1] !== null);
}

function inputsText(inputs: readonly DeclaredInput[]): string {
  const shown = inputs.slice(0, SHOWN).map(inputText);
  const more = inputs.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function inputText({ name, type, required, shape }: DeclaredInput): string {
  const dimensions = shape === null ? '' : ` [${shape.join(', ')}]`;
  return `${name === null ? '' : `${name} `}${type}${dimensions}${required ? '' : ' (optional)'}`;
}
