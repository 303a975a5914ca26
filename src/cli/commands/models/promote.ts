import { own } from '../../../bytes/own.ts';
import { EXIT, LoadlineError } from '../../../errors.ts';
import type { AliasMove, ModelRegistry } from '../../../versions/types.ts';
import { defineCommand, type Options, text } from '../../define.ts';
import {
  ALIAS_OPTION,
  BY_OPTION,
  DRY_RUN_OPTION,
  JSON_OPTION,
  STORE_OPTION,
  WHY_OPTION,
} from '../../model-options.ts';
import type { Models } from '../../models.ts';
import { print, say, type Terminal } from '../../output/terminal.ts';
import type { Target } from '../../target.ts';
import type { Change, Side } from './facts.ts';

export const promote = defineCommand({
  name: 'promote',
  args: [
    {
      spec: '<version>',
      help: 'NAME/3, NAME/latest or NAME@ALIAS; with models:/ before it on MLflow',
      completes: ['version'],
    },
  ],
  group: 'Versions',
  summary: 'move an alias to a version, after showing what changes',
  examples: [
    'loadline models promote house-price/3 --alias champion --why "lower error on March"',
    'loadline models promote models:/house-price/3 --dry-run',
  ],
  options: [ALIAS_OPTION, WHY_OPTION, BY_OPTION, DRY_RUN_OPTION, STORE_OPTION, JSON_OPTION],
  async run([given = ''], options, terminal) {
    const { parseTarget, pickVersion } = await import('../../target.ts');
    const { withModels } = await import('../../models.ts');
    const target = parseTarget(given);
    if (target.pick === null) {
      throw new LoadlineError('LL1001', `promote wants a version such as ${given}/3, found only "${given}"`);
    }
    return withModels(options, terminal, async (models) => {
      const registry = await models.registry(target.where);
      const model = await registry.model(target.name, models.work);
      const { version } = pickVersion(model, target.pick);
      return moveAlias(registry, { ...target, version }, 'promote', options, terminal, models);
    });
  },
});

/** Shows what changes when an alias goes to a version, moves it unless this is a rehearsal; gives the exit code. */
export async function moveAlias(
  registry: ModelRegistry,
  to: Target & { readonly version: string },
  how: 'promote' | 'rollback',
  options: Options,
  terminal: Terminal,
  models: Models,
): Promise<number> {
  const { formatTarget, pickVersion } = await import('../../target.ts');
  const { actor, answerJson } = await import('../../models.ts');
  const { compareSides, openSide } = await import('./facts.ts');
  const { FOLLOW_NOTE, movedText } = await import('./moved.ts');
  const alias = text(options, 'alias') ?? 'champion';
  const model = await registry.model(to.name, models.work);
  const from = own(model.aliases, alias);
  const mark = { by: actor(options, terminal.env), why: text(options, 'why') ?? '' };
  const dryRun = options.dryRun === true;
  const answer = (move: AliasMove, changes: readonly Change[]): void => {
    const { kind: where, place } = registry;
    const at = new Date().toISOString();
    print(terminal, answerJson('AliasMove', { how, where, place, ...move, ...mark, at, dryRun, changes }));
  };
  const { color, symbol } = terminal;
  const planned: AliasMove = { name: to.name, alias, from, to: to.version };
  if (from === to.version) {
    models.endProgress();
    if (options.json === true) {
      answer(planned, []);
    } else {
      say(terminal, `  ${color.green(symbol.ok)} ${movedText(planned)}`);
    }
    return EXIT.ok;
  }
  const side = (version: string): Promise<Side> =>
    openSide(formatTarget(to, version), pickVersion(model, { kind: 'version', version }), models);
  const next = await side(to.version);
  const before = from === null ? null : await side(from);
  if (next.problem !== null && next.problem.exit === EXIT.unsafe) {
    throw next.problem;
  }
  const changes = before === null ? [] : compareSides(before, next).changes;
  models.endProgress();
  if (options.json !== true) {
    await sayPlan(planned, before, next, changes, dryRun, terminal);
  }
  const move = dryRun
    ? planned
    : // What was shown is what is done: somebody else's move in between is LL7015.
      await registry.setAlias(
        to.name,
        alias,
        to.version,
        { ...mark, expected: from, rollback: how === 'rollback' },
        models.work,
      );
  if (options.json === true) {
    answer(move, changes);
    return EXIT.ok;
  }
  if (dryRun) {
    say(terminal, '  dry run: nothing was changed');
  } else {
    say(terminal, `  ${color.green(symbol.ok)} ${movedText(move)}; ${FOLLOW_NOTE}`);
    if (how === 'promote' && from !== null) {
      const flag = alias === 'champion' ? '' : ` --alias ${alias}`;
      say(terminal, '');
      say(terminal, `  Undo it   loadline models rollback ${formatTarget(to)}${flag}`);
    }
  }
  return EXIT.ok;
}

async function sayPlan(
  { name, alias, from, to }: AliasMove,
  before: Side | null,
  next: Side,
  changes: readonly Change[],
  dryRun: boolean,
  terminal: Terminal,
): Promise<void> {
  const { breaksCallers } = await import('./facts.ts');
  const { changeLines } = await import('./change-lines.ts');
  const { color, symbol } = terminal;
  const warn = color.yellow(symbol.warn);
  say(
    terminal,
    `  ${color.bold(name)}   ${alias}: ${from ?? 'nowhere'} → ${to}${dryRun ? '   dry run' : ''}`,
  );
  for (const line of changeLines(changes, terminal)) {
    say(terminal, `    ${line}`);
  }
  if (before !== null && before.model !== null && next.model !== null && changes.some(breaksCallers)) {
    say(terminal, `  ${warn} the signature differs: requests made for ${from} may not fit ${to}`);
  }
  for (const { uri, problem } of [before, next].filter((side) => side !== null)) {
    if (problem !== null) {
      say(terminal, `  ${warn} ${uri} cannot be served by Loadline (${problem.code}): ${problem.message}`);
    }
  }
}
