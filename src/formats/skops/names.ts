/** Every class, function and method that a skops schema names, wherever in it and whether or not it is used. */
import type { ExactJson, ExactObject } from '../../bytes/exact-json.ts';
import { isExactObject } from '../../bytes/exact-json.ts';
import type { Limits } from '../../bytes/limits.ts';
import { overLimit } from '../../bytes/limits.ts';
import type { PyGlobal } from '../../pickle/inert.ts';
import type { GlobalUse } from '../../pickle/read.ts';

/** Names by their first mention; a use is noted by `called`. */
export interface Names {
  readonly uses: ReadonlyMap<string, GlobalUse>;
  /** Notes that Python would call a name with so many arguments, and gives it. */
  called(module: string, name: string, arity: number, offset: number): PyGlobal;
}

/** Walks the whole schema: a part that the reader skips or refuses is named too. Throws LL3004 for too many names. */
export function namesIn(schema: ExactJson, limits: Limits): Names {
  const uses = new Map<string, { -readonly [K in keyof GlobalUse]: GlobalUse[K] }>();

  function mention(module: string, name: string, offset: number): void {
    const key = `${module}\n${name}`;
    const use = uses.get(key);
    if (use !== undefined) {
      use.count++;
      return;
    }
    if (uses.size >= limits.names) {
      throw overLimit('names', limits, `more than ${uses.size} different names`, offset);
    }
    uses.set(key, { module, name, offset, count: 1, called: false, arity: null });
  }

  function walk(value: ExactJson): void {
    if (isExactObject(value)) {
      for (const [module, name] of namesOf(value)) {
        mention(module, name, value.offset);
      }
      for (const item of value.fields.values()) {
        walk(item);
      }
    } else if (Array.isArray(value)) {
      for (const item of value) {
        walk(item);
      }
    }
  }

  walk(schema);
  return {
    uses,
    called(module, name, arity, offset) {
      const key = `${module}\n${name}`;
      const use = uses.get(key);
      if (use === undefined) {
        // A class that the node's kind implies and the schema need not name.
        uses.set(key, { module, name, offset, count: 0, called: true, arity });
      } else {
        use.called = true;
        use.arity = Math.max(arity, use.arity ?? 0);
      }
      return { kind: 'global', module, name, offset };
    },
  };
}

function namesOf({ fields }: ExactObject): (readonly [string, string])[] {
  const names: (readonly [string, string])[] = [];
  const add = (module: ExactJson | undefined, name: ExactJson | undefined): void => {
    if (typeof module === 'string' && typeof name === 'string') {
      names.push([module, name]);
    }
  };
  const module = fields.get('__module__');
  const name = fields.get('__class__');
  add(module, name);
  // Protocol 0 of functions.
  add(fields.get('module_path'), fields.get('function'));
  const loader = fields.get('__loader__');
  const content = fields.get('content');
  const inside = isExactObject(content) ? content.fields : null;
  if (loader === 'MethodNode' && inside !== null && typeof name === 'string') {
    // Loading it looks the method up on the object.
    const method = inside.get('func');
    add(module, typeof method === 'string' ? `${name}.${method}` : undefined);
  }
  if (loader === 'RandomGeneratorNode' && inside !== null) {
    add('numpy.random', bitGenerator(inside.get('bit_generator')));
  }
  return names;
}

/** The class of numpy.random that a generator's state names, which loading it would call. */
function bitGenerator(state: ExactJson | undefined): string | undefined {
  const content = isExactObject(state) ? state.fields.get('content') : undefined;
  // Protocol 0 kept the bare dict.
  const named = (isExactObject(content) ? content : isExactObject(state) ? state : null)?.fields.get(
    'bit_generator',
  );
  const text = isExactObject(named) ? named.fields.get('content') : named;
  return typeof text === 'string' ? text.replace(/^"(.*)"$/, '$1') : undefined;
}
