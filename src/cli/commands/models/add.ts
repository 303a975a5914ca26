import { bytesText } from '../../../bytes/size-text.ts';
import { EXIT, LoadlineError } from '../../../errors.ts';
import type { Model } from '../../../model/model.ts';
import type { AddRequest, AliasMove, ModelRegistry, ModelVersion } from '../../../versions/types.ts';
import { defineCommand, type Options, text, values } from '../../define.ts';
import { LIMITS_OPTION, readLimits } from '../../limits.ts';
import { BY_OPTION, JSON_OPTION, STORE_OPTION, WHY_OPTION } from '../../model-options.ts';
import type { Models } from '../../models.ts';
import { print, say, type Terminal } from '../../output/terminal.ts';

export const add = defineCommand({
  name: 'add',
  args: [
    { spec: '<model>', help: 'a model file, runs:/RUN_ID/model, or any other model that Loadline reads' },
  ],
  group: 'Versions',
  summary: 'make a model file or a run the next version of a model',
  examples: [
    'loadline models add model.pkl --name house-price --metric rmse=0.23 --note "more districts"',
    'loadline models add model.pkl --name house-price --alias champion',
    'loadline models add runs:/0a1b2c3d/model --name models:/house-price',
  ],
  options: [
    { flags: '--name <name>', help: 'house-price in the store, models:/house-price on MLflow' },
    { flags: '--metric <name=value>', help: 'a metric of the model; may be repeated', repeat: true },
    { flags: '--param <name=value>', help: 'a parameter it was trained with; may be repeated', repeat: true },
    { flags: '--tag <name=value>', help: 'a tag; may be repeated', repeat: true },
    { flags: '--note <text>', help: 'what is new in this version' },
    { flags: '--data <file>', help: 'training data to keep beside it' },
    { flags: '--alias <alias>', help: 'also move this alias to it' },
    WHY_OPTION,
    BY_OPTION,
    STORE_OPTION,
    LIMITS_OPTION,
    JSON_OPTION,
  ],
  async run([given = ''], options, terminal) {
    const name = text(options, 'name');
    if (name === undefined) {
      throw new LoadlineError('LL1001', 'models add needs the name of the model: --name NAME is missing');
    }
    const { parseTarget } = await import('../../target.ts');
    const { actor, answerJson, pairs, versionJson, withModels } = await import('../../models.ts');
    const target = parseTarget(name);
    if (target.pick !== null) {
      throw new LoadlineError('LL1001', `--name wants a name without a version, found "${name}"`);
    }
    const facts = {
      name: target.name,
      metrics: numbers(pairs('metric', values(options, 'metric'))),
      params: pairs('param', values(options, 'param')),
      tags: pairs('tag', values(options, 'tag')),
      description: text(options, 'note') ?? '',
      data: text(options, 'data') ?? null,
      by: actor(options, terminal.env),
    };
    return withModels(options, terminal, async (models) => {
      const registry = await models.registry(target.where, true);
      const { from, model, known } = await source(given, registry, options, models);
      const version = await registry.add(await inherit({ ...facts, from }, known), models.work);
      const alias = text(options, 'alias');
      const why = text(options, 'why') ?? facts.description;
      const moved =
        alias === undefined
          ? null
          : await registry.setAlias(target.name, alias, version.version, { by: facts.by, why }, models.work);
      models.endProgress();
      if (options.json === true) {
        const { kind: where, place } = registry;
        print(terminal, answerJson('ModelVersion', { where, place, ...versionJson(version), alias: moved }));
      } else {
        await sayAdded(registry, version, model, moved, terminal);
      }
      return EXIT.ok;
    });
  },
});

/**
 * What is to be added. A run of the registry it goes to stays where it is; anything else is brought here and read, so
 * that no version is ever added that cannot be served.
 */
async function source(
  given: string,
  registry: ModelRegistry,
  options: Options,
  models: Models,
): Promise<{
  readonly from: AddRequest['from'];
  readonly model: Model | null;
  readonly known: ModelVersion | null;
}> {
  const [, runId, artifactPath] = /^runs:\/([^/]+)\/(.+)$/.exec(given) ?? [];
  if (registry.kind === 'mlflow' && runId !== undefined && artifactPath !== undefined) {
    return { from: { runId, artifactPath }, model: null, known: null };
  }
  const { openModel } = await import('../../../formats/open.ts');
  const found = await models.resolve(given);
  const model = await openModel(found.path, readLimits(options));
  return { from: { path: found.path }, model, known: await models.describe(found) };
}

/** A version that comes from a registry brings what is known of it; what is given goes before. */
async function inherit(request: AddRequest, known: ModelVersion | null): Promise<AddRequest> {
  const { ownTags } = await import('../../models.ts');
  return known === null
    ? request
    : {
        ...request,
        metrics: { ...known.metrics, ...request.metrics },
        params: { ...known.params, ...request.params },
        tags: { ...Object.fromEntries(ownTags(known.tags)), ...request.tags },
        description: request.description === '' ? known.description : request.description,
      };
}

function numbers(metrics: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => {
      const number = Number(value);
      if (value.trim() === '' || Number.isNaN(number)) {
        throw new LoadlineError('LL1001', `--metric ${name} wants a number, found "${value}"`);
      }
      return [name, number];
    }),
  );
}

async function sayAdded(
  registry: ModelRegistry,
  version: ModelVersion,
  model: Model | null,
  moved: AliasMove | null,
  terminal: Terminal,
): Promise<void> {
  const { formatTarget } = await import('../../target.ts');
  const { color, symbol } = terminal;
  const dot = ` ${symbol.dot} `;
  const ok = color.green(symbol.ok);
  const uri = formatTarget({ where: registry.kind, name: version.name }, version.version);
  if (model !== null) {
    say(terminal, `  ${ok} read as data: nothing in the file was executed`);
  }
  const facts = [
    model?.fitted.name ?? null,
    model?.origin.sklearn ? `scikit-learn ${model.origin.sklearn}` : null,
    version.bytes === null ? null : bytesText(version.bytes),
    `added to ${registry.place}`,
  ].filter((fact) => fact !== null);
  say(terminal, `  ${ok} ${color.bold(uri)}   ${facts.join(dot)}`);
  if (moved !== null) {
    const { movedText } = await import('./moved.ts');
    say(terminal, `  ${ok} ${movedText(moved)}`);
  }
  say(terminal, '');
  const served = moved === null ? uri : `${uri.slice(0, uri.lastIndexOf('/'))}@${moved.alias} --watch`;
  say(terminal, `  Serve it     loadline serve ${served}`);
  if (moved === null) {
    say(terminal, `  Promote it   loadline models promote ${uri} --alias champion`);
  }
}
