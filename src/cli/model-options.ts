/** Options that the commands about model versions share; apart from what they do, since help must load quickly. */
import type { CommandOption } from './define.ts';

export const STORE_OPTION: CommandOption = {
  flags: '--store <folder>',
  help: 'the embedded store (default: LOADLINE_STORE, else .loadline/models)',
};

export const ALIAS_OPTION: CommandOption = {
  flags: '--alias <alias>',
  help: 'the alias to move',
  completes: ['alias'],
  default: 'champion',
};

export const WHY_OPTION: CommandOption = { flags: '--why <text>', help: 'why, for the history' };

export const BY_OPTION: CommandOption = {
  flags: '--by <name>',
  help: 'who, for the history (default: the user of this machine)',
};

export const DRY_RUN_OPTION: CommandOption = {
  flags: '--dry-run',
  help: 'show what would change: nothing is written',
};

export const JSON_OPTION: CommandOption = { flags: '--json', help: 'one JSON object on stdout' };

/** What a NAME may be, for the help of arguments. */
export const NAME_HELP = 'house-price in the store, models:/house-price on MLflow';

/** What a model may be wherever one is read. */
export const MODEL_HELP =
  'a model.pkl or model.joblib, NAME@ALIAS or NAME/3 of the store, models:/NAME@ALIAS, runs:/RUN/PATH or a .dvc file';
