/** What is wrong with a loadline.yaml, and where. */
import type { Document, LineCounter } from 'yaml';
import { isMap, isNode, isPair, isScalar } from 'yaml';
import type { z } from 'zod';
import { nearest } from '../bytes/nearest.ts';
import { LoadlineError } from '../errors.ts';

export type Path = readonly (string | number)[];

/** `message` is all of the sentence but the place. */
export interface Fault {
  readonly path: Path;
  /** The key itself is at fault, not its value. */
  readonly isKey: boolean;
  readonly message: string;
}

/** What a schema allows, as far as a path is looked for in it. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** More would hide the first ones. */
const MAX_FAULTS = 20;

/** The faults that zod found in `data`, each where it is. */
export function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  data: unknown,
  schema: JsonSchema,
): readonly Fault[] {
  return issues.flatMap((issue): readonly Fault[] => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
        return issue.keys.map((key) => ({
          path: [...path, key],
          isKey: true,
          message: `unknown key, ${suggestion(key, known)}`,
        }));
      }
      case 'invalid_key':
        return [{ path, isKey: true, message: `expected ${issue.issues[0]?.message ?? issue.message}` }];
      default:
        return [
          { path, isKey: false, message: `expected ${issue.message}, found ${shown(valueAt(data, path))}` },
        ];
    }
  });
}

function suggestion(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === null ? `expected one of ${known.join(', ')}` : `did you mean "${near}"?`;
}

/** LL1010 with all of them, in the order of the file. */
export function configError(
  file: string,
  faults: readonly Fault[],
  document: Document.Parsed,
  lines: LineCounter,
): LoadlineError {
  const placed = faults
    .map((fault) => ({ ...fault, ...lines.linePos(offsetOf(document, fault)) }))
    .sort((a, b) => a.line - b.line || a.col - b.col)
    .map(({ path, line, col, message }) => `${line}:${col} ${pathText(path)}: ${message}`);
  return listError(file, placed);
}

/** LL1010 of lines that begin with `LINE:COLUMN`. */
export function listError(file: string, lines: readonly string[]): LoadlineError {
  const [first = ''] = lines;
  const shownLines = lines.slice(0, MAX_FAULTS);
  const rest = lines.length - shownLines.length;
  const message =
    lines.length === 1
      ? `Cannot use ${file}: ${first}`
      : [
          `Cannot use ${file}: it has ${lines.length} faults`,
          ...shownLines.map((line) => `    ${line}`),
          ...(rest > 0 ? [`    and ${rest} more`] : []),
        ].join('\n');
  return new LoadlineError('LL1010', message, { where: `${file}:${first.split(' ', 1)[0]}` });
}

/** `models[0].canary.share`; `the file` for the whole. */
export function pathText(path: Path): string {
  return path.length === 0
    ? 'the file'
    : path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

/** The deepest part of the path that stands in the file: what is missing has no place of its own. */
function offsetOf(document: Document.Parsed, { path, isKey }: Fault): number {
  const parent = path.slice(0, -1);
  const key = path.at(-1);
  if (isKey && key !== undefined) {
    const map = nodeAt(document, parent);
    const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : null;
    if (isPair(pair) && isNode(pair.key)) {
      return pair.key.range?.[0] ?? 0;
    }
  }
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(document, path.slice(0, length));
    if (isNode(node)) {
      return node.range?.[0] ?? 0;
    }
  }
  return 0;
}

function nodeAt(document: Document.Parsed, path: Path): unknown {
  return path.length === 0 ? document.contents : document.getIn(path, true);
}

function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema;
  for (const part of path) {
    at = typeof part === 'number' ? at?.items : at?.properties?.[part];
  }
  return at;
}

function valueAt(data: unknown, path: Path): unknown {
  let at = data;
  for (const part of path) {
    at = Object(at)[part] as unknown;
  }
  return at;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) {
    return 'nothing';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  if (typeof value === 'object') {
    return 'a mapping';
  }
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
