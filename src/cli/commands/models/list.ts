import { EXIT, isLoadlineError, LoadlineError } from '../../../errors.ts';
import type { RegisteredModel } from '../../../versions/types.ts';
import { defineCommand } from '../../define.ts';
import { JSON_OPTION, STORE_OPTION } from '../../model-options.ts';
import type { Models } from '../../models.ts';
import { columns } from '../../output/table.ts';
import { print, say, type Terminal } from '../../output/terminal.ts';

export const list = defineCommand({
  name: 'list',
  args: [{ spec: '[registry]', help: 'models:/ for those on MLflow; the store when left out' }],
  group: 'Versions',
  summary: 'the models and where their aliases are',
  examples: ['loadline models list', 'loadline models list models:/', 'loadline models list --json'],
  options: [STORE_OPTION, JSON_OPTION],
  async run([registry], options, terminal) {
    if (registry !== undefined && registry !== 'models:/') {
      throw new LoadlineError('LL1001', `models list takes models:/ or nothing, found "${registry}"`, {
        fix: `For one model: loadline models show ${registry}`,
      });
    }
    const { answerJson, modelJson, withModels } = await import('../../models.ts');
    return withModels(options, terminal, async (models) => {
      const { where, place, found } = await readAll(registry === undefined ? 'store' : 'mlflow', models);
      models.endProgress();
      if (options.json === true) {
        print(terminal, answerJson('Models', { where, place, models: found.map(modelJson) }));
      } else {
        await printModels(found, where, place, terminal);
      }
      return EXIT.ok;
    });
  },
});

/** Every model of a registry. A store that is not there yet has none: nothing is wrong before the first `add`. */
async function readAll(
  where: 'store' | 'mlflow',
  models: Models,
): Promise<{ readonly where: string; readonly place: string; readonly found: readonly RegisteredModel[] }> {
  try {
    const registry = await models.registry(where);
    return { where, place: registry.place, found: await registry.models(models.work) };
  } catch (error) {
    if (isLoadlineError(error) && error.code === 'LL1006' && error.detail.where !== undefined) {
      return { where, place: error.detail.where, found: [] };
    }
    throw error;
  }
}

async function printModels(
  models: readonly RegisteredModel[],
  where: string,
  place: string,
  terminal: Terminal,
): Promise<void> {
  if (models.length === 0) {
    say(terminal, `  No models in ${place} yet.`);
    say(
      terminal,
      `  Add one   loadline models add model.pkl --name ${where === 'mlflow' ? 'models:/' : ''}NAME`,
    );
    const tracking = terminal.env.MLFLOW_TRACKING_URI;
    if (where === 'store' && tracking) {
      const { shownUri } = await import('../../../net/shown-uri.ts');
      say(terminal, `  Those of ${shownUri(tracking)}   loadline models list models:/`);
    }
    return;
  }
  const { ago } = await import('../../output/when.ts');
  const now = Date.now();
  const rows = models.map(({ name, versions, aliases, createdAt }) => [
    name,
    versions[0]?.version ?? '-',
    Object.entries(aliases)
      .map(([alias, version]) => `${alias} → ${version}`)
      .join(', ') || '-',
    String(versions.length),
    ago(versions[0]?.createdAt ?? createdAt, now),
  ]);
  for (const line of columns([['NAME', 'NEWEST', 'ALIASES', 'VERSIONS', 'ADDED'], ...rows])) {
    print(terminal, line);
  }
}
