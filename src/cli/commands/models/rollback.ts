import { LoadlineError } from '../../../errors.ts';
import { defineCommand, text } from '../../define.ts';
import {
  ALIAS_OPTION,
  BY_OPTION,
  DRY_RUN_OPTION,
  JSON_OPTION,
  NAME_HELP,
  STORE_OPTION,
  WHY_OPTION,
} from '../../model-options.ts';

export const rollback = defineCommand({
  name: 'rollback',
  args: [{ spec: '<name>', help: NAME_HELP, completes: ['name'] }],
  group: 'Versions',
  summary: 'move an alias back to the version before',
  examples: [
    'loadline models rollback house-price',
    'loadline models rollback models:/house-price --to 2 --why "wrong units in 3"',
  ],
  options: [
    ALIAS_OPTION,
    { flags: '--to <version>', help: 'this version instead of the one before' },
    WHY_OPTION,
    BY_OPTION,
    DRY_RUN_OPTION,
    STORE_OPTION,
    JSON_OPTION,
  ],
  async run([given = ''], options, terminal) {
    const { parseTarget, pickVersion } = await import('../../target.ts');
    const { withModels } = await import('../../models.ts');
    const target = parseTarget(given);
    if (target.pick !== null) {
      throw new LoadlineError('LL1001', `rollback wants a name without a version, found "${given}"`, {
        fix: `Name the version with --to: loadline models rollback ${target.name} --to VERSION`,
      });
    }
    const { moveAlias } = await import('./promote.ts');
    return withModels(options, terminal, async (models) => {
      const registry = await models.registry(target.where);
      const to = text(options, 'to');
      const alias = text(options, 'alias') ?? 'champion';
      const model = await registry.model(target.name, models.work);
      const before = async (): Promise<string> => {
        try {
          return await registry.previous(target.name, alias, models.work);
        } catch (error) {
          // An alias that was never there is likelier a slip: those that are there are listed.
          pickVersion(model, { kind: 'alias', alias });
          throw error;
        }
      };
      const version =
        to === undefined ? await before() : pickVersion(model, { kind: 'version', version: to }).version;
      return moveAlias(registry, { ...target, version }, 'rollback', options, terminal, models);
    });
  },
});
