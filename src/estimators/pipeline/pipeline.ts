/** Steps one after the other: transformers, then an estimator. */
import type { Data } from '../../model/data.ts';
import type { Child, Fitted } from '../../model/fitted.ts';
import { plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { defineEstimators, type EstimatorRow } from '../define.ts';
import { answersAfter } from '../delegate.ts';
import { type EstimatorState, isList } from '../state.ts';
import { atLaterStep, atStep } from '../step-error.ts';

interface PipelineRow extends EstimatorRow {
  /** Steps of these classes change the training rows only and are passed over when predicting. */
  readonly samplers: RegExp | null;
}

/** A step that is not passed over. */
interface Step {
  readonly name: string;
  readonly fitted: Fitted;
}

export const pipeline = defineEstimators<PipelineRow>({
  rows: [
    { name: 'Pipeline', module: 'sklearn.pipeline', samplers: null },
    {
      name: 'Pipeline',
      module: 'imblearn.pipeline',
      samplers: /^imblearn\.(over_sampling|under_sampling|combine|base)\./,
    },
  ],
  read(state, row, resolve): Fitted {
    const children: Child[] = [];
    const steps: Step[] = [];
    const parts = readSteps(state);
    let final: Step | null = null;
    for (const [i, [name, value]] of parts.entries()) {
      const skipped = skippedAs(value, row);
      if (skipped !== null) {
        children.push({ label: name, fitted: skipped });
        continue;
      }
      const step = { name, fitted: resolve(value, name) };
      children.push({ label: name, fitted: step.fitted });
      if (i === parts.length - 1) {
        final = step;
      } else if (step.fitted.transform === undefined) {
        throw state.wrong(`steps[${i}]`, 'a step that transforms, as all but the last must', value);
      } else {
        steps.push(step);
      }
    }
    const all = final === null ? steps : [...steps, final];
    const first = all[0]?.fitted;
    // A step that does not know its columns (a FunctionTransformer of 1.1) takes them one by one, as the next names them.
    const knowing = all.find(({ fitted }) => fitted.features !== null || fitted.input !== 'features')?.fitted;
    const last = final?.fitted;

    function prepare(rows: Data): Data {
      return through(steps, rows);
    }

    return {
      name: row.name,
      task: last?.task ?? 'transformer',
      input: first?.input ?? 'features',
      nFeatures: knowing?.nFeatures ?? null,
      features: knowing?.features ?? null,
      classes: last?.classes ?? null,
      nOutputs: last?.nOutputs ?? 1,
      children,
      ...(final !== null && answersAfter(final.fitted, prepare, final.name)),
      ...((last === undefined || last.transform !== undefined) && {
        transform: (rows) => through(all, rows),
      }),
      ...(all.every(({ fitted }) => fitted.inverseTransform !== undefined) && {
        inverseTransform: (rows) => back(all, rows),
      }),
    };
  },
});

function readSteps(state: EstimatorState): (readonly [string, Inert])[] {
  const items = state.list('steps');
  if (items.length === 0) {
    throw state.wrong('steps', 'at least one step', state.value('steps'));
  }
  return items.map((item, i) => {
    const [name, value, ...more] = isList(item) ? item.items.map(plain) : [];
    if (typeof name !== 'string' || value === undefined || more.length > 0) {
      throw state.wrong(`steps[${i}]`, 'a name and an estimator', item);
    }
    return [name, value];
  });
}

/** The word for a step that does nothing to rows, or null. */
function skippedAs(value: Inert, row: PipelineRow): string | null {
  if (value === null || value === 'passthrough') {
    return 'passthrough';
  }
  const name = qualifiedName(value);
  return name !== null && row.samplers?.test(name) === true ? 'passthrough' : null;
}

function through(steps: readonly Step[], rows: Data): Data {
  let current = rows;
  for (const { name, fitted } of steps) {
    try {
      current = fitted.transform!(current);
    } catch (error) {
      throw current === rows ? atStep(error, name) : atLaterStep(error, name, rows);
    }
  }
  return current;
}

function back(steps: readonly Step[], rows: Data): Data {
  let current = rows;
  for (let i = steps.length - 1; i >= 0; i--) {
    current = steps[i]!.fitted.inverseTransform!(current);
  }
  return current;
}
