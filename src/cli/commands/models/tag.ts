import { own } from '../../../bytes/own.ts';
import { EXIT, LoadlineError } from '../../../errors.ts';
import { defineCommand } from '../../define.ts';
import { JSON_OPTION, STORE_OPTION } from '../../model-options.ts';
import { print, say } from '../../output/terminal.ts';

export const tag = defineCommand({
  name: 'tag',
  args: [
    {
      spec: '<model>',
      help: 'NAME, NAME/3 or NAME@ALIAS; with models:/ before it on MLflow',
      completes: ['name', 'version'],
    },
    { spec: '<tags...>', help: 'key=value sets a tag, key- takes it away' },
  ],
  group: 'Versions',
  summary: 'set or remove tags of a model or a version',
  examples: [
    'loadline models tag house-price/3 reviewed=yes',
    'loadline models tag house-price team=prices old-',
  ],
  options: [STORE_OPTION, JSON_OPTION],
  async run([given = '', ...tags], options, terminal) {
    const { formatTarget, parseTarget, pickVersion } = await import('../../target.ts');
    const { answerJson, withModels } = await import('../../models.ts');
    const target = parseTarget(given);
    const wanted = tags.map(parseTag);
    return withModels(options, terminal, async (models) => {
      const registry = await models.registry(target.where);
      const model = await registry.model(target.name, models.work);
      const found = target.pick === null ? null : pickVersion(model, target.pick);
      const before = (found ?? model).tags;
      const version = found?.version ?? null;
      const changes = wanted.map(({ key, value }) => ({ key, from: own(before, key), to: value }));
      for (const { key, from, to } of changes) {
        if (from !== to) {
          await registry.setTag(target.name, version, key, to, models.work);
        }
      }
      models.endProgress();
      if (options.json === true) {
        const { kind: where, place } = registry;
        print(terminal, answerJson('ModelTags', { where, place, name: target.name, version, changes }));
        return EXIT.ok;
      }
      const { color, symbol } = terminal;
      for (const { key, from, to } of changes) {
        const what =
          from === to
            ? `${key} is ${to ?? 'not set'} already`
            : to === null
              ? `${key} was ${from}, is gone`
              : from === null
                ? `${key} is ${to}`
                : `${key} was ${from}, is ${to}`;
        say(terminal, `  ${color.green(symbol.ok)} ${formatTarget(target, version)}   ${what}`);
      }
      return EXIT.ok;
    });
  },
});

/** `key=value`, or `key-` as kubectl takes a label away. */
function parseTag(given: string): { readonly key: string; readonly value: string | null } {
  const at = given.indexOf('=');
  if (at > 0) {
    return { key: given.slice(0, at), value: given.slice(at + 1) };
  }
  if (at < 0 && given.length > 1 && given.endsWith('-')) {
    return { key: given.slice(0, -1), value: null };
  }
  throw new LoadlineError('LL1001', `A tag is set by key=value and taken away by key-, found "${given}"`);
}
