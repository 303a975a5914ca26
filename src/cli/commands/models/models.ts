import { EXIT } from '../../../errors.ts';
import { type Command, defineCommand } from '../../define.ts';
import { print } from '../../output/terminal.ts';
import { add } from './add.ts';
import { compare } from './compare.ts';
import { diff } from './diff.ts';
import { exportCommand } from './export.ts';
import { gc } from './gc.ts';
import { history } from './history.ts';
import { importCommand } from './import.ts';
import { list } from './list.ts';
import { promote } from './promote.ts';
import { rollback } from './rollback.ts';
import { server } from './server.ts';
import { show } from './show.ts';
import { tag } from './tag.ts';

const COMMANDS: readonly Command[] = [
  add,
  list,
  show,
  diff,
  history,
  promote,
  rollback,
  tag,
  exportCommand,
  importCommand,
  gc,
  server,
  compare,
];

export const models = defineCommand({
  name: 'models',
  args: [],
  group: 'Versions',
  summary: 'versions of models: add, promote, roll back',
  examples: [
    'loadline models add model.pkl --name house-price --metric rmse=0.23 --alias champion',
    'loadline models promote house-price/3 --alias champion',
    'loadline models rollback house-price',
    'loadline models list models:/',
  ],
  options: [],
  commands: COMMANDS,
  async run(_args, _options, terminal) {
    print(terminal, overview());
    return EXIT.ok;
  },
});

/** What `loadline models` alone prints. */
function overview(): string {
  return [
    'Versions of models: NAME in the embedded store, models:/NAME on the MLflow server at MLFLOW_TRACKING_URI.',
    '',
    '  loadline models add model.pkl --name house-price        the next version',
    '  loadline models promote house-price/3                   champion moves to 3, after showing what changes',
    '  loadline serve house-price@champion --watch             serve what champion is at, and follow it',
    '  loadline models rollback house-price                    champion goes back',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`),
    '',
    'loadline models COMMAND --help shows the options.',
  ].join('\n');
}
