/** What a pickle gives away about the Python that wrote it. */
import { attributesOf } from './decode.ts';
import type { Inert, PyObject } from './inert.ts';
import { asKind } from './numpy.ts';
import type { PickleFile } from './read.ts';

/** Versions as far as the file shows them; null where it does not. */
export interface PickleOrigin {
  /** scikit-learn's version, `1.7.2`. */
  readonly sklearn: string | null;
  /** `1` or `2`: the two name their modules differently. */
  readonly numpy: string | null;
  /** `2`, or the oldest Python that writes such a file, `3.8+`. */
  readonly python: string | null;
}

/** Reads the versions off the file: `_sklearn_version` of the outermost estimator that has one, module names, protocol. */
export function describeOrigin(file: Pick<PickleFile, 'root' | 'globals' | 'protocol'>): PickleOrigin {
  const modules = new Set(file.globals.map((use) => use.module));
  const has = (prefix: string) =>
    [...modules].some((module) => module === prefix || module.startsWith(`${prefix}.`));
  return {
    sklearn: sklearnVersion(file.root),
    numpy: has('numpy._core') ? '2' : has('numpy.core') ? '1' : null,
    python: pythonVersion(modules, file.protocol),
  };
}

function pythonVersion(modules: ReadonlySet<string>, protocol: number): string | null {
  if (modules.has('__builtin__') || modules.has('copy_reg')) {
    // Python 3 writes these names too in protocols 0 to 2, so that Python 2 can read them.
    return null;
  }
  return protocol >= 5 ? '3.8+' : protocol >= 4 ? '3.4+' : protocol === 3 ? '3.0+' : null;
}

/** Values looked at before the search for a version gives up. */
const MAX_VISITS = 10_000;

/** Breadth first, so that the outermost estimator answers; shared and cyclic values are looked at once. */
function sklearnVersion(root: Inert): string | null {
  const seen = new Set<PyObject>();
  let level: Inert[] = [root];
  let visits = 0;
  while (level.length > 0) {
    const next: Inert[] = [];
    for (const value of level) {
      if (++visits > MAX_VISITS) {
        return null;
      }
      const object = asKind(value, 'object');
      if (object !== null && !seen.has(object)) {
        seen.add(object);
        const attributes = attributesOf(object);
        const version = attributes.get('_sklearn_version');
        if (typeof version === 'string') {
          return version.slice(0, 40);
        }
        next.push(...[...attributes.values()].slice(0, MAX_VISITS));
      }
      const items = (asKind(value, 'list') ?? asKind(value, 'tuple'))?.items.slice(0, MAX_VISITS);
      const entries = asKind(value, 'dict')
        ?.entries.slice(0, MAX_VISITS)
        .map((entry) => entry[1]);
      next.push(...(items ?? []), ...(entries ?? []));
    }
    level = next;
  }
  return null;
}
