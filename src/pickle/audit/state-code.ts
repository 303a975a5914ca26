/** State that a class of good name would run as code when Python restores it. */
import type { Inert, PyDict, PyObject } from '../inert.ts';
import { asKind } from '../numpy.ts';

/**
 * What scipy itself writes as `_parse_arg_template`. A distribution gives this text to `exec` when its state is
 * restored (scipy.stats.rv_generic.__setstate__), so a text of any other form is code of somebody else.
 */
const ARGUMENT_TEMPLATE = new RegExp(
  [
    '^\\n?def _parse_args\\(self, (SHAPES) (LOC)\\):',
    '    return \\(SHAPES\\), (OUT)',
    '',
    'def _parse_args_rvs\\(self, SHAPES LOC, size=None\\):',
    '    return self\\._argcheck_rvs\\(SHAPES OUT, size=size\\)',
    '',
    "def _parse_args_stats\\(self, SHAPES LOC, moments='mvs?k?'\\):",
    '    return \\(SHAPES\\), OUT, moments\\n?$',
  ]
    .join('\\n')
    .replaceAll('SHAPES', '(?:[A-Za-z_]\\w*, ){0,20}')
    .replaceAll('LOC', 'loc=0(?:, scale=1)?')
    .replaceAll('OUT', 'loc, (?:scale|1)'),
);
const TEMPLATE_KEY = '_parse_arg_template';

/** Why the state of an object would run as code; null where it would not. */
export function codeInState(object: PyObject, state: Inert): string | null {
  const callable = asKind(object.callable, 'global');
  if (callable === null || !callable.module.startsWith('scipy.stats') || callable.name.endsWith('_frozen')) {
    return null;
  }
  return isHonest(state)
    ? null
    : `gives ${callable.module}.${callable.name} a state that it would run as code`;
}

function isHonest(state: Inert): boolean {
  const dict = asKind(state, 'dict');
  if (dict !== null) {
    return templates(dict).every((text) => typeof text === 'string' && ARGUMENT_TEMPLATE.test(text));
  }
  // scipy before 1.6: (constructor's arguments, random state). A dict of two keys would pass for a pair.
  const pair = asKind(state, 'tuple')?.items;
  const ctor = asKind(pair?.[0], 'dict');
  const random = pair?.[1];
  return (
    pair?.length === 2 &&
    ctor !== null &&
    ctor.entries.length > 2 &&
    (random === null || asKind(random, 'object') !== null || asKind(random, 'global') !== null)
  );
}

function templates(dict: PyDict): Inert[] {
  // A key that is not a plain string may turn into one when Python makes it.
  return dict.entries
    .filter(([key]) => key === TEMPLATE_KEY || typeof key === 'object')
    .map((entry) => entry[1]);
}
