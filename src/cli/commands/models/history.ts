import { EXIT } from '../../../errors.ts';
import type { HistoryEvent } from '../../../versions/types.ts';
import { defineCommand, text } from '../../define.ts';
import { JSON_OPTION, NAME_HELP, STORE_OPTION } from '../../model-options.ts';
import { columns } from '../../output/table.ts';
import { print, say } from '../../output/terminal.ts';
import { wholeNumber } from '../../units.ts';

/** Characters of a value; --json has all of them. */
const LONGEST = 40;

export const history = defineCommand({
  name: 'history',
  args: [{ spec: '<name>', help: NAME_HELP, completes: ['name'] }],
  group: 'Versions',
  summary: 'who moved which alias from what to what, when and why',
  examples: ['loadline models history house-price', 'loadline models history models:/house-price --json'],
  options: [
    { flags: '--last <number>', help: 'how many events at most', default: '30' },
    STORE_OPTION,
    JSON_OPTION,
  ],
  async run([given = ''], options, terminal) {
    const most = wholeNumber('last', text(options, 'last') ?? '30', 1, 1e6);
    const { parseTarget } = await import('../../target.ts');
    const { answerJson, withModels } = await import('../../models.ts');
    const { where, name } = parseTarget(given);
    return withModels(options, terminal, async (models) => {
      const registry = await models.registry(where);
      const all = (await registry.history(name, models.work)).filter((event) => !isOwn(event));
      if (all.length === 0) {
        // A model without history is not the same as no model: this says which names there are.
        await registry.model(name, models.work);
      }
      models.endProgress();
      const events = all.slice(0, most);
      if (options.json === true) {
        const { place } = registry;
        print(terminal, answerJson('ModelHistory', { where, place, name, events: events.map(eventJson) }));
        return EXIT.ok;
      }
      if (events.length === 0) {
        say(
          terminal,
          `  Nothing was recorded of ${name}: MLflow keeps no history, Loadline notes what it did itself.`,
        );
        return EXIT.ok;
      }
      const { ago } = await import('../../output/when.ts');
      const now = Date.now();
      const rows = events.map((event) => [ago(event.at, now), ...describe(event)]);
      for (const line of columns([['WHEN', 'WHAT', 'CHANGE', 'BY', 'WHY'], ...rows])) {
        print(terminal, line);
      }
      if (all.length > events.length) {
        say(terminal, `  … and ${all.length - events.length} before: --last ${all.length} shows them all`);
      }
      return EXIT.ok;
    });
  },
});

/** What Loadline and MLflow note for themselves through MLflow's API, which has tags for all. */
function isOwn({ kind, why }: HistoryEvent): boolean {
  return kind === 'tag' && /^(loadline|mlflow)\./.test(why);
}

function eventJson({ at, ...event }: HistoryEvent): Record<string, unknown> {
  return { at: new Date(at).toISOString(), ...event };
}

/** What it was about, what changed, who did it and why. */
function describe({ kind, version, alias, from, to, by, why, rollback }: HistoryEvent): string[] {
  const of = version === null ? '' : ` of ${version}`;
  const change = [from, to]
    .filter((value) => value !== null)
    .map((value) => (value.length > LONGEST ? `${value.slice(0, LONGEST - 1)}…` : value))
    .join(' → ');
  switch (kind) {
    case 'version-added':
      return [`version ${version}`, 'added', by, why];
    case 'version-deleted':
      return [`version ${version}`, 'deleted', by, why];
    case 'alias-moved':
      return [
        `alias ${alias}`,
        `${from ?? ''} → ${to}${rollback === true ? ' (rollback)' : ''}`.trim(),
        by,
        why,
      ];
    case 'alias-deleted':
      return [`alias ${alias}`, `${from} → none`, by, why];
    case 'stage':
      return [`stage${of}`, change, by, why];
    case 'tag':
      // What it was about is kept as the reason.
      return [`tag ${why}${of}`, to === null ? `${change} → none` : change, by, ''];
    default:
      return [version === null ? 'model' : `version ${version}`, change, by, why];
  }
}
