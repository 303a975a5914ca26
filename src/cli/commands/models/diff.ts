import { EXIT } from '../../../errors.ts';
import { defineCommand } from '../../define.ts';
import { JSON_OPTION, MODEL_HELP, STORE_OPTION } from '../../model-options.ts';
import type { Models } from '../../models.ts';
import { print, say } from '../../output/terminal.ts';
import type { Side } from './facts.ts';

export const diff = defineCommand({
  name: 'diff',
  args: [
    { spec: '<a>', help: MODEL_HELP, completes: ['version'] },
    { spec: '<b>', help: 'the one to hold against it', completes: ['version'] },
  ],
  group: 'Versions',
  summary: 'what differs between two versions or files',
  examples: [
    'loadline models diff house-price/2 house-price/3',
    'loadline models diff models:/house-price@champion model.pkl',
  ],
  options: [STORE_OPTION, JSON_OPTION],
  async run([a = '', b = ''], options, terminal) {
    const { answerJson, withModels } = await import('../../models.ts');
    const { compareSides } = await import('./facts.ts');
    const { changeLines } = await import('./change-lines.ts');
    return withModels(options, terminal, async (models) => {
      const from = await openReference(a, models);
      const to = await openReference(b, models);
      const { changes, same } = compareSides(from, to);
      models.endProgress();
      if (options.json === true) {
        print(terminal, answerJson('ModelDiff', { from: from.uri, to: to.uri, changes, same }));
        return EXIT.ok;
      }
      print(terminal, `${from.uri} → ${to.uri}`);
      for (const line of changeLines(changes, terminal)) {
        print(terminal, `  ${line}`);
      }
      say(
        terminal,
        changes.length === 0
          ? `  no difference: all ${same} facts are the same`
          : `  ${same} facts are the same`,
      );
      return EXIT.ok;
    });
  },
});

/** Either side of a difference, with what its registry says of it. Throws where it cannot be opened. */
async function openReference(reference: string, models: Models): Promise<Side> {
  const { openModel } = await import('../../../formats/open.ts');
  const found = await models.resolve(reference);
  const version = await models.describe(found);
  const model = await openModel(found.path);
  return { uri: version === null ? reference : found.uri, version, model, problem: null };
}
