/** Rows to ask a server with, and what `loadline predict` says to them. */
import { isDeepStrictEqual } from 'node:util';
import { isLoadlineError } from '../../errors.ts';
import type { Label } from '../../model/data.ts';
import { exampleRow } from '../../model/example.ts';
import type { Model, NamedFeature, Signature } from '../../model/model.ts';
import { predict, probabilityValues, targetValues } from '../../model/prediction.ts';
import { rowsToData, splitRows } from '../../model/rows.ts';

/** A body for POST /predict and what must come back. */
export interface Sample {
  /** JSON text. */
  readonly body: string;
  readonly nRows: number;
  /** The answer's values, or the code of the refusal. */
  readonly expected: Expected;
}

export type Expected = { readonly answer: Readonly<Record<string, unknown>> } | { readonly code: string };

/** Requests of one row each, and one of all rows that the model takes. */
export interface Samples {
  readonly singles: readonly Sample[];
  readonly batch: Sample;
}

/** Most rows that are asked: more of them would test the engine, which is the same here and there, and not the image. */
export const MOST_ROWS = 200;

/** Largest body of the batch, far below the server's limit. */
const BATCH_BYTES = 2 ** 20;

/**
 * Requests from rows as a user sends them; where `made`, rows that the model refuses are left out. Null when it takes
 * none.
 */
export function makeSamples(model: Model, rows: readonly unknown[], made: boolean): Samples | null {
  const singles = rows.map((row) => sample(model, row));
  const taken = singles.filter(({ expected }) => 'answer' in expected);
  const batch: unknown[] = [];
  let bytes = 0;
  for (const [i, single] of singles.entries()) {
    bytes += single.body.length;
    if ('answer' in single.expected && (batch.length === 0 || bytes < BATCH_BYTES)) {
      batch.push(rows[i]);
    }
  }
  return taken.length === 0 ? null : { singles: made ? taken : singles, batch: sample(model, batch) };
}

function sample(model: Model, features: unknown): Sample {
  const { signature } = model;
  const probabilities = signature.methods.includes('predictProba');
  // What JSON cannot carry (a date in a Parquet file) goes out as JSON has it, so that is what is asked here as well.
  const sent = JSON.parse(JSON.stringify({ features, ...(probabilities ? { probabilities } : {}) })) as {
    features: unknown;
  };
  return {
    body: JSON.stringify(sent),
    nRows: countRows(sent.features, signature),
    expected: expect(model, sent.features, probabilities),
  };
}

function countRows(features: unknown, signature: Signature): number {
  try {
    return splitRows(features, signature).length;
  } catch {
    return 0;
  }
}

function expect(model: Model, features: unknown, probabilities: boolean): Expected {
  try {
    const rows = rowsToData(splitRows(features, model.signature), model.signature);
    const made = predict(model, rows, probabilities);
    const answer = {
      prediction: targetValues(made.target),
      ...(made.probabilities === null
        ? {}
        : {
            probabilities: probabilityValues(made.probabilities),
            classes: made.classes?.length === 1 ? made.classes[0] : made.classes,
          }),
    };
    return { answer: JSON.parse(JSON.stringify(answer)) as Record<string, unknown> };
  } catch (error) {
    if (isLoadlineError(error)) {
      return { code: error.code };
    }
    throw error;
  }
}

/** The first place where two JSON values differ, as `prediction[3]: 281.5, expected 280.1`; null where they are equal. */
export function firstDifference(found: unknown, wanted: unknown, path = ''): string | null {
  if (isDeepStrictEqual(found, wanted)) {
    return null;
  }
  const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null;
  if (isTree(found) && isTree(wanted) && Array.isArray(found) === Array.isArray(wanted)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
      const below = Array.isArray(wanted) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      const difference = firstDifference(found[key], wanted[key], below);
      if (difference !== null) {
        return difference;
      }
    }
  }
  return `${path === '' ? 'the answer' : path}: ${short(found)}, expected ${short(wanted)}`;
}

function short(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Golden ratio's fraction: its multiples modulo 1 spread evenly, so that few rows reach both sides of most splits. */
const GOLDEN = 0.618033988749895;

/**
 * Rows made from the signature, always the same ones: the example first, then numbers from 0 to twice what is usual,
 * every known category, and missing values where the estimator may take them.
 */
export function madeRows(signature: Signature): unknown[] {
  const { features } = signature;
  switch (signature.input) {
    case 'texts':
      return TEXTS.map((text) => text);
    case 'records':
      return [exampleRow(signature), {}, { name: 2, other: 'a text' }];
    case 'labels':
      return (signature.classes?.[0] ?? [exampleRow(signature)]).slice(0, MOST_ROWS) as Label[];
    case 'features': {
      const list = features ?? [];
      const categories = Math.max(0, ...list.map((feature) => feature.categories?.length ?? 0));
      const count = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, categories));
      const rows = Array.from({ length: count }, (_, i) =>
        rowOf(signature, (feature, j) => variedValue(feature, i, j)),
      );
      const missing = rowOf(signature, (feature, j) => (feature.missing ? null : variedValue(feature, 0, j)));
      return [exampleRow(signature), ...rows.slice(0, MOST_ROWS - 2), missing];
    }
  }
}

const LEAST_ROWS = 16;

const TEXTS = [
  'a text',
  'the quick brown fox jumps over the lazy dog',
  'free prize: call now to win money!',
  'Is it 42, or 3.14 — naïve café?',
  '',
];

function rowOf(signature: Signature, value: (feature: NamedFeature, j: number) => unknown): unknown {
  const features = signature.features ?? [];
  return signature.named
    ? Object.fromEntries(features.map((feature, j) => [feature.name, value(feature, j)]))
    : features.map(value);
}

function variedValue(feature: NamedFeature, i: number, j: number): unknown {
  const known = feature.categories?.filter((value) => value !== null) ?? [];
  if (known.length > 0) {
    return known[i % known.length];
  }
  if (feature.kind === 'text') {
    return TEXTS[(i + j) % TEXTS.length];
  }
  const typical = feature.typical === undefined || feature.typical === 0 ? 1 : feature.typical;
  const spread = ((i + 1) * (j + 1) * GOLDEN) % 1;
  return Number((2 * spread * typical).toPrecision(4));
}
