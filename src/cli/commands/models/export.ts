import { bytesText } from '../../../bytes/size-text.ts';
import { EXIT, LoadlineError } from '../../../errors.ts';
import { defineCommand } from '../../define.ts';
import { JSON_OPTION, STORE_OPTION } from '../../model-options.ts';
import { print, say } from '../../output/terminal.ts';

export const exportCommand = defineCommand({
  name: 'export',
  args: [
    { spec: '<model>', help: 'NAME or NAME/3 of the store', completes: ['name', 'version'] },
    { spec: '<file>', help: 'a tar archive to write' },
  ],
  group: 'Versions',
  summary: 'write versions of the store with their history to one file',
  examples: [
    'loadline models export house-price house-price.tar',
    'loadline models export house-price/3 house-price-3.tar --json',
  ],
  options: [STORE_OPTION, JSON_OPTION],
  async run([given = '', file = ''], options, terminal) {
    const { formatTarget, parseTarget, pickVersion } = await import('../../target.ts');
    const { answerJson, withModels } = await import('../../models.ts');
    const { exportModel } = await import('../../../versions/store/export.ts');
    const target = parseTarget(given);
    const { where, name, pick } = target;
    if (where === 'mlflow') {
      throw new LoadlineError('LL1001', `models export works on the store, found "${given}"`, {
        fix: `Bring it into the store first: loadline models add ${given} --name ${name}`,
      });
    }
    return withModels(options, terminal, async (models) => {
      const store = await models.openStore();
      const version = pick === null ? null : pickVersion(store.catalog.model(name), pick).version;
      const picked = version === null ? {} : { versions: [version] };
      const exported = await exportModel(store, name, { ...picked, file }, models.work);
      models.endProgress();
      if (options.json === true) {
        print(terminal, answerJson('ModelExport', { place: store.folder, file, ...exported }));
        return EXIT.ok;
      }
      const { symbol, color } = terminal;
      const { versions, files, bytes } = exported;
      const what = [
        versions.length === 1 ? '1 version' : `${versions.length} versions`,
        `${files} files`,
        bytesText(bytes),
      ].join(` ${symbol.dot} `);
      say(
        terminal,
        `  ${color.green(symbol.ok)} ${formatTarget(target, version)} to ${color.bold(file)}   ${what}`,
      );
      say(terminal, '');
      say(terminal, `  Bring it in elsewhere   loadline models import ${file}`);
      return EXIT.ok;
    });
  },
});
