import { bytesText } from '../../../bytes/size-text.ts';
import { EXIT, LoadlineError } from '../../../errors.ts';
import type { GcPlan, Store } from '../../../versions/store/types.ts';
import { defineCommand, type Options, text } from '../../define.ts';
import { BY_OPTION, DRY_RUN_OPTION, JSON_OPTION, STORE_OPTION, WHY_OPTION } from '../../model-options.ts';
import { columns } from '../../output/table.ts';
import { print, say, type Terminal } from '../../output/terminal.ts';
import { wholeNumber } from '../../units.ts';

export const gc = defineCommand({
  name: 'gc',
  args: [{ spec: '[versions...]', help: 'NAME/3 of the store: versions to delete', completes: ['version'] }],
  group: 'Versions',
  summary: 'delete versions of the store and files that nothing uses',
  examples: [
    'loadline models gc --dry-run',
    'loadline models gc house-price/1 --yes',
    'loadline models gc --keep 5',
  ],
  options: [
    { flags: '--keep <number>', help: 'delete all but so many of the newest versions of each model' },
    WHY_OPTION,
    BY_OPTION,
    DRY_RUN_OPTION,
    { flags: '--yes', help: 'delete without asking' },
    STORE_OPTION,
    JSON_OPTION,
  ],
  async run(given, options, terminal) {
    const keep = text(options, 'keep');
    const settings = keep === undefined ? {} : { keep: wholeNumber('keep', keep, 0, 1e6) };
    const { actor, answerJson, withModels } = await import('../../models.ts');
    const { applyGc, planGc } = await import('../../../versions/store/gc.ts');
    return withModels(options, terminal, async (models) => {
      const store = await models.openStore();
      const versions = await askedFor(given, store);
      const plan = planGc(store, { ...settings, versions });
      const refused = plan.kept.find(({ name, version }) =>
        versions.some((asked) => asked.name === name && asked.version === version),
      );
      if (refused !== undefined) {
        throw new LoadlineError(
          'LL7011',
          `Cannot delete ${refused.name}/${refused.version}: ${refused.why}; nothing was deleted`,
          { where: store.folder },
        );
      }
      if (options.json !== true) {
        sayPlan(plan, store.folder, terminal);
      }
      const none = plan.versions.length === 0 && plan.blobs === 0;
      const goOn = options.dryRun !== true && !none && (await agreed(plan, options, terminal));
      const mark = { by: actor(options, terminal.env), why: text(options, 'why') ?? '' };
      const done = goOn ? applyGc(store, plan, mark) : null;
      models.endProgress();
      if (options.json === true) {
        const { folder: place } = store;
        print(terminal, answerJson('ModelGc', { place, dryRun: options.dryRun === true, ...(done ?? plan) }));
      } else {
        sayDone(done, none, options, terminal);
      }
      return EXIT.ok;
    });
  },
});

/** Versions that are named. Throws LL7001 and LL1001. */
async function askedFor(
  given: readonly string[],
  { catalog }: Store,
): Promise<readonly { readonly name: string; readonly version: string }[]> {
  const { parseTarget, pickVersion } = await import('../../target.ts');
  return given.map((each) => {
    const { where, name, pick } = parseTarget(each);
    if (where === 'mlflow') {
      throw new LoadlineError('LL1001', `models gc works on the store, found "${each}"`, {
        fix: 'Versions on an MLflow server are deleted with its own tools, files with `mlflow gc`.',
      });
    }
    if (pick?.kind !== 'version') {
      throw new LoadlineError('LL1001', `models gc wants versions such as ${name}/3, found "${each}"`);
    }
    return { name, version: pickVersion(catalog.model(name), pick).version };
  });
}

async function agreed(plan: GcPlan, options: Options, terminal: Terminal): Promise<boolean> {
  if (options.yes === true) {
    return true;
  }
  const { confirm } = await import('../../output/confirm.ts');
  return confirm(terminal, `Delete ${amounts(plan)}?`);
}

/** `2 versions and 3 files (3.4 KiB)`. */
function amounts({ versions, blobs, bytes }: GcPlan): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  return [
    versions.length === 0 ? null : count(versions.length, 'version'),
    blobs === 0 ? null : `${count(blobs, 'file')} (${bytesText(bytes)})`,
  ]
    .filter((part) => part !== null)
    .join(' and ');
}

function sayPlan({ versions, kept, blobs, bytes }: GcPlan, folder: string, terminal: Terminal): void {
  const { color } = terminal;
  const rows = columns([
    ...versions.map(({ name, version, why }) => [`${name}/${version}`, why]),
    ...kept.map(({ name, version, why }) => [`${name}/${version}`, `stays: ${why}`]),
  ]);
  rows.forEach((row, i) => {
    say(terminal, `  ${i < versions.length ? color.red('-') : color.dim('=')} ${row}`);
  });
  if (blobs > 0) {
    say(
      terminal,
      `  ${color.red('-')} ${blobs} files in ${folder} that nothing points at, ${bytesText(bytes)}`,
    );
  }
}

function sayDone(done: GcPlan | null, none: boolean, options: Options, terminal: Terminal): void {
  const { color, symbol } = terminal;
  if (none) {
    say(terminal, '  nothing to delete');
  } else if (options.dryRun === true) {
    say(terminal, '  dry run: nothing was deleted');
  } else if (done === null) {
    say(terminal, '  nothing was deleted');
  } else {
    say(
      terminal,
      `  ${color.green(symbol.ok)} deleted ${amounts(done) || 'nothing: all of it came into use meanwhile'}`,
    );
  }
}
