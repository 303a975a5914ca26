import { EXIT } from '../../../errors.ts';
import { defineCommand, text } from '../../define.ts';
import { BY_OPTION, JSON_OPTION, STORE_OPTION } from '../../model-options.ts';
import { print, say } from '../../output/terminal.ts';

export const importCommand = defineCommand({
  name: 'import',
  args: [{ spec: '<file>', help: 'what `loadline models export` wrote' }],
  group: 'Versions',
  summary: 'take exported versions into the store, all or none',
  examples: [
    'loadline models import house-price.tar',
    'loadline models import house-price.tar --name prices',
  ],
  options: [
    { flags: '--name <name>', help: 'another name for the model' },
    BY_OPTION,
    STORE_OPTION,
    JSON_OPTION,
  ],
  async run([file = ''], options, terminal) {
    const { actor, answerJson, withModels } = await import('../../models.ts');
    const { importModel } = await import('../../../versions/store/import.ts');
    return withModels(options, terminal, async (models) => {
      const store = await models.openStore(true);
      const name = text(options, 'name');
      const by = actor(options, terminal.env);
      const as = name === undefined ? {} : { as: name };
      const imported = await importModel(store, file, { by, ...as }, models.work);
      models.endProgress();
      if (options.json === true) {
        print(terminal, answerJson('ModelImport', { place: store.folder, file, ...imported }));
        return EXIT.ok;
      }
      const { symbol, color } = terminal;
      const { versions, aliases, aliasesKept } = imported;
      const ok = color.green(symbol.ok);
      say(
        terminal,
        `  ${ok} ${color.bold(imported.name)}   ${versions.length === 1 ? 'version' : 'versions'} ${versions.join(', ')}`,
      );
      if (aliases.length > 0) {
        say(terminal, `  ${ok} with ${aliases.join(', ')}`);
      }
      if (aliasesKept.length > 0) {
        say(
          terminal,
          `  ${color.yellow(symbol.warn)} ${aliasesKept.join(', ')} stayed where ${aliasesKept.length === 1 ? 'it was' : 'they were'} in this store`,
        );
      }
      return EXIT.ok;
    });
  },
});
