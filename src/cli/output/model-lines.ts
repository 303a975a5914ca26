/** What is in a model, in words: shared by `inspect` and `models show`. */
import type { Declared, DeclaredInput } from '../../model/declared.ts';
import type { Fitted } from '../../model/fitted.ts';
import { METHODS } from '../../model/fitted.ts';
import type { Model, NamedFeature } from '../../model/model.ts';
import { columns, type TreeNode } from './table.ts';

/** An estimator and its parts for scripts. */
export function fittedJson(fitted: Fitted): Record<string, unknown> {
  return {
    class: fitted.name,
    features: fitted.nFeatures,
    children: fitted.children.map(({ label, fitted: child }) =>
      typeof child === 'string' ? { label, word: child } : { label, ...fittedJson(child) },
    ),
  };
}

/** An estimator and its parts as a tree; `dot` stands between a name and its width. */
export function fittedTree(fitted: Fitted, dot: string, label = ''): TreeNode {
  const width = fitted.nFeatures === null ? '' : `${dot}${fitted.nFeatures} features`;
  return {
    text: `${label === '' ? '' : `${label}  `}${fitted.name}${width}`,
    children: fitted.children.map((child) =>
      typeof child.fitted === 'string'
        ? { text: `${child.label}  ${child.fitted}`, children: [] }
        : fittedTree(child.fitted, dot, child.label),
    ),
  };
}

/** Methods, classes and features of a model. */
export function featureLines(model: Model): string[] {
  const { features, classes, methods } = model.signature;
  const lines = [`Methods  ${methods.map((method) => METHODS[method]).join(', ')}`];
  classes?.forEach((list, output) => {
    const name = classes.length === 1 ? 'Classes ' : `Classes of output ${output} `;
    lines.push(`${name} ${list.slice(0, 20).map(String).join(', ')}${list.length > 20 ? ', …' : ''}`);
  });
  if (features !== null) {
    lines.push('Features', ...columns(features.slice(0, 40).map(featureRow)));
    if (features.length > 40) {
      lines.push(`  … and ${features.length - 40} more (--json lists them all)`);
    }
  }
  return lines;
}

function featureRow(feature: NamedFeature): string[] {
  const known = feature.categories?.slice(0, 8).map((value) => (value === null ? 'missing' : String(value)));
  const more = (feature.categories?.length ?? 0) > 8 ? ', …' : '';
  return [`  ${feature.name}`, feature.kind, known === undefined ? '' : `${known.join(', ')}${more}`];
}

/** What the MLmodel beside a model says. */
export function declaredLines(declared: Declared): string[] {
  const { mlflow, runId, modelId, inputs, outputs, predictFn, example, faults } = declared;
  const rows: [string, string][] = [
    ['by', mlflow === null ? 'MLflow' : `MLflow ${mlflow}`],
    ['run', runId ?? '-'],
    ...(modelId === null ? [] : [['model', modelId] as [string, string]]),
    ['inputs', inputs === null ? 'no signature' : fieldsText(inputs)],
    ...(outputs === null ? [] : [['outputs', fieldsText(outputs)] as [string, string]]),
    ['calls', predictFn],
    ['example', example === null ? 'none' : 'has one'],
  ];
  return [
    'MLmodel says',
    ...columns(rows.map(([name, value]) => [`  ${name}`, value])),
    ...faults.map((fault) => `  ! ${fault}`),
  ];
}

/** Fields of a signature that are shown; --json has all of them. */
const MOST_FIELDS = 12;

/** `area_m2 double, rooms long optional`. */
function fieldsText(fields: readonly DeclaredInput[]): string {
  const shown = fields
    .slice(0, MOST_FIELDS)
    .map(({ name, type, shape, required }) =>
      [name, shape === null ? type : `${type}[${shape.join(', ')}]`, required ? null : 'optional']
        .filter((part) => part !== null)
        .join(' '),
    );
  const more = fields.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, … and ${more} more` : ''}`;
}
