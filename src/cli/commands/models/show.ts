import { bytesText } from '../../../bytes/size-text.ts';
import { EXIT } from '../../../errors.ts';
import type { HistoryEvent, ModelVersion, RegisteredModel } from '../../../versions/types.ts';
import { defineCommand } from '../../define.ts';
import { JSON_OPTION, STORE_OPTION } from '../../model-options.ts';
import { columns } from '../../output/table.ts';
import { print, type Terminal } from '../../output/terminal.ts';
import type { Side } from './facts.ts';

export const show = defineCommand({
  name: 'show',
  args: [
    {
      spec: '<model>',
      help: 'NAME, NAME/3 or NAME@ALIAS; with models:/ before it on MLflow',
      completes: ['name', 'version'],
    },
  ],
  group: 'Versions',
  summary: 'a model card: versions, aliases, metrics, signature',
  examples: ['loadline models show house-price', 'loadline models show models:/house-price@champion --json'],
  options: [STORE_OPTION, JSON_OPTION],
  async run([given = ''], options, terminal) {
    const { formatTarget, parseTarget, pickVersion } = await import('../../target.ts');
    const { answerJson, modelJson, versionJson, withModels } = await import('../../models.ts');
    const { openSide } = await import('./facts.ts');
    const { problemJson } = await import('../../output/problem.ts');
    const { fittedJson } = await import('../../output/model-lines.ts');
    const target = parseTarget(given);
    return withModels(options, terminal, async (models) => {
      const registry = await models.registry(target.where);
      const model = await registry.model(target.name, models.work);
      // Of a model without a pick the card shows what is in use, else the newest.
      const champion = target.pick === null && model.aliases.champion !== undefined;
      const version = pickVersion(model, champion ? { kind: 'alias', alias: 'champion' } : target.pick);
      const side = await openSide(formatTarget(target, version.version), version, models);
      const events = await registry.history(target.name, models.work);
      models.endProgress();
      if (options.json === true) {
        const { place } = registry;
        print(
          terminal,
          answerJson('Model', {
            where: target.where,
            place,
            ...modelJson(model),
            shown: {
              ...versionJson(version),
              signature: side.model?.signature ?? null,
              estimator: side.model === null ? null : fittedJson(side.model.fitted),
              problem: side.problem === null ? null : problemJson(side.problem).error,
            },
          }),
        );
      } else {
        await printCard(model, version, side, events, registry.place, target.pick !== null, terminal);
      }
      return EXIT.ok;
    });
  },
});

async function printCard(
  model: RegisteredModel,
  version: ModelVersion,
  side: Side,
  events: readonly HistoryEvent[],
  place: string,
  one: boolean,
  terminal: Terminal,
): Promise<void> {
  const { color, symbol } = terminal;
  const dot = ` ${symbol.dot} `;
  const { ago } = await import('../../output/when.ts');
  const { ownTags } = await import('../../models.ts');
  const now = Date.now();
  const count = model.versions.length === 1 ? '1 version' : `${model.versions.length} versions`;
  print(terminal, `${color.bold(model.name)}   ${count}${dot}${place}`);
  if (model.description !== '') {
    print(terminal, `  ${model.description}`);
  }
  for (const [name, value] of ownTags(model.tags)) {
    print(terminal, `  ${name}=${value}`);
  }
  if (!one) {
    const rows = model.versions.map((each) => [
      each.version,
      each.aliases.join(', ') || '-',
      metricsText(each),
      each.sha256?.slice(0, 12) ?? '-',
      addedBy(each, events),
      ago(each.createdAt, now),
    ]);
    print(terminal, '');
    for (const line of columns([['VERSION', 'ALIASES', 'METRICS', 'SHA256', 'BY', 'ADDED'], ...rows])) {
      print(terminal, line);
    }
  }
  print(terminal, '');
  for (const line of await versionLines(version, side, events, now, terminal)) {
    print(terminal, line);
  }
}

async function versionLines(
  version: ModelVersion,
  side: Side,
  events: readonly HistoryEvent[],
  now: number,
  terminal: Terminal,
): Promise<string[]> {
  const { color, symbol } = terminal;
  const dot = ` ${symbol.dot} `;
  const { ago } = await import('../../output/when.ts');
  const { factsOf } = await import('./facts.ts');
  const { declaredLines, featureLines, fittedTree } = await import('../../output/model-lines.ts');
  const { tree } = await import('../../output/table.ts');
  const { model, problem } = side;
  const { description, runId, status, stage, bytes, sha256 } = version;
  const by = addedBy(version, events);
  const facts: [string, string][] = [
    ['added', `${ago(version.createdAt, now)}${by === '-' ? '' : ` by ${by}`}`],
    ...(version.aliases.length === 0 ? [] : [['aliases', version.aliases.join(', ')] as [string, string]]),
    ...(description === '' ? [] : [['note', description] as [string, string]]),
    ...(runId === null ? [] : [['run', runId] as [string, string]]),
    ...(status === 'READY' ? [] : [['status', status] as [string, string]]),
    ...(stage === 'None' ? [] : [['stage', stage] as [string, string]]),
    ...[...factsOf({ ...side, model: null })].filter(([name]) => name !== 'note'),
    ['size', bytes === null ? (model === null ? '-' : bytesText(model.origin.bytes)) : bytesText(bytes)],
    ['sha256', sha256 ?? model?.origin.sha256 ?? '-'],
  ];
  const lines = [color.bold(side.uri), ...columns(facts.map(([name, value]) => [`  ${name}`, value]))];
  if (model !== null) {
    lines.push('', 'Estimator', ...tree(terminal, fittedTree(model.fitted, dot)).map((line) => `  ${line}`));
    lines.push('', ...featureLines(model));
    // A folder that `models add` made says nothing that is not above.
    if (model.declared?.mlflow != null) {
      lines.push('', ...declaredLines(model.declared));
    }
  }
  if (problem !== null) {
    lines.push(
      '',
      `${color.yellow(symbol.warn)} Cannot be read (${problem.code}): ${problem.message}`,
      `  fix  ${problem.fix}`,
    );
  }
  return lines;
}

function metricsText({ metrics }: ModelVersion): string {
  const entries = Object.entries(metrics);
  const shown = entries.slice(0, 3).map(([name, value]) => `${name} ${Number(value.toPrecision(6))}`);
  return shown.length === 0 ? '-' : `${shown.join(', ')}${entries.length > 3 ? ', …' : ''}`;
}

function addedBy({ version, tags }: ModelVersion, events: readonly HistoryEvent[]): string {
  const added = events.find((event) => event.kind === 'version-added' && event.version === version);
  return added?.by || tags['mlflow.user'] || '-';
}
