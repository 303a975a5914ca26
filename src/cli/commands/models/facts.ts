/** What can be said of a version, name by name, so that two of them can be held side by side. */
import { bytesText } from '../../../bytes/size-text.ts';
import { isLoadlineError, type LoadlineError } from '../../../errors.ts';
import type { Fitted } from '../../../model/fitted.ts';
import { METHODS } from '../../../model/fitted.ts';
import type { Model } from '../../../model/model.ts';
import type { ModelVersion } from '../../../versions/types.ts';
import { type Models, metricText, ownTags } from '../../models.ts';

/** A version and the model in it. */
export interface Side {
  /** How a person writes it. */
  readonly uri: string;
  /** Null for a file. */
  readonly version: ModelVersion | null;
  readonly model: Model | null;
  /** Why it could not be opened. */
  readonly problem: LoadlineError | null;
}

/** Fetches and opens a version; what cannot be opened is a side with a problem, since the registry's facts remain. */
export async function openSide(uri: string, version: ModelVersion | null, models: Models): Promise<Side> {
  try {
    const { path } = await models.resolve(uri);
    const { openModel } = await import('../../../formats/open.ts');
    return { uri, version, model: await openModel(path), problem: null };
  } catch (error) {
    models.work.signal.throwIfAborted();
    if (isLoadlineError(error)) {
      return { uri, version, model: null, problem: error };
    }
    throw error;
  }
}

/** Facts by name, in the order they are shown. Numbers of metrics are written whole. */
export function factsOf({ version, model }: Side): ReadonlyMap<string, string> {
  return new Map([
    ...(model === null ? [] : modelFacts(model)),
    ...(version === null ? [] : versionFacts(version)),
  ]);
}

function modelFacts({ fitted, signature, origin }: Model): [string, string][] {
  const { features, classes, methods } = signature;
  return [
    ['estimator', fitted.name],
    ...stepFacts(fitted),
    ['task', signature.task],
    ['input', signature.input],
    ...(features ?? []).map(({ name, kind, categories }): [string, string] => [
      `feature ${name}`,
      categories === undefined ? kind : `${kind}: ${categories.map(String).join(', ')}`,
    ]),
    ['outputs', String(signature.nOutputs)],
    ...(classes ?? []).map((list, output): [string, string] => [
      classes?.length === 1 ? 'classes' : `classes of output ${output}`,
      list.map(String).join(', '),
    ]),
    ['methods', methods.map((method) => METHODS[method]).join(', ')],
    ...(origin.sklearn === null ? [] : [['scikit-learn', origin.sklearn] as [string, string]]),
    ['sha256', origin.sha256],
    ['size', bytesText(origin.bytes)],
  ];
}

/** The steps of a composite by their path: `step scaler`, `step columns/numbers`. */
function stepFacts(fitted: Fitted, path = ''): [string, string][] {
  return fitted.children.flatMap(({ label, fitted: child }): [string, string][] => {
    const here = path === '' ? label : `${path}/${label}`;
    return typeof child === 'string'
      ? [[`step ${here}`, child]]
      : [[`step ${here}`, child.name], ...stepFacts(child, here)];
  });
}

function versionFacts({ description, metrics, params, tags }: ModelVersion): [string, string][] {
  return [
    ...(description === '' ? [] : [['note', description] as [string, string]]),
    ...Object.entries(metrics).map(([name, value]): [string, string] => [
      `metric ${name}`,
      metricText(value),
    ]),
    ...Object.entries(params).map(([name, value]): [string, string] => [`param ${name}`, value]),
    ...ownTags(tags).map(([name, value]): [string, string] => [`tag ${name}`, value]),
  ];
}

/** What people look at first comes first. */
const ORDER = ['metric', 'estimator', 'step', 'task', 'input', 'feature', 'outputs', 'classes', 'methods'];

function rank({ field }: Change): number {
  const at = ORDER.indexOf(field.split(' ')[0] ?? '');
  return at < 0 ? ORDER.length : at;
}

export interface Change {
  readonly change: '+' | '-' | '~';
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What differs, and how many facts are the same. Features in another order are a change: rows without names depend on it. */
export function compareSides(
  from: Side,
  to: Side,
): { readonly changes: readonly Change[]; readonly same: number } {
  // Where one cannot be opened, all of the other would look new.
  const both = from.model !== null && to.model !== null;
  const before = factsOf(both ? from : { ...from, model: null });
  const after = factsOf(both ? to : { ...to, model: null });
  const changes: Change[] = [];
  let same = 0;
  for (const field of new Set([...before.keys(), ...after.keys()])) {
    const a = before.get(field) ?? null;
    const b = after.get(field) ?? null;
    if (a === b) {
      same++;
    } else {
      changes.push({ change: a === null ? '+' : b === null ? '-' : '~', field, from: a, to: b });
    }
  }
  const orderBefore = featureNames(from);
  const orderAfter = featureNames(to);
  const sameNames = [...orderBefore].sort().join('\0') === [...orderAfter].sort().join('\0');
  if (sameNames && orderBefore.join('\0') !== orderAfter.join('\0')) {
    changes.push({
      change: '~',
      field: 'feature order',
      from: orderBefore.join(', '),
      to: orderAfter.join(', '),
    });
  }
  return { changes: changes.sort((a, b) => rank(a) - rank(b)), same };
}

function featureNames({ model }: Side): readonly string[] {
  return model?.signature.features?.map(({ name }) => name) ?? [];
}

/** Whether a change is one that callers of the model notice. */
export function breaksCallers({ field }: Change): boolean {
  return /^(feature |input$|task$|outputs$|classes|methods$)/.test(field);
}
