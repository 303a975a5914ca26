/**
 * What runs in an image: `serve` with a container's defaults. Settings come from the environment, since an image's
 * command line is awkward to change: each option of `loadline serve` is LOADLINE_ and its name, and arguments after the
 * image's name are options too.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from './commands/serve.ts';
import { buildParser, endWithReader, ranAsWorker, runCommand, runParser } from './parser.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Runs the server of an image; `argv` is what follows the image's name. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithReader();
  if (await ranAsWorker(argv)) {
    return;
  }
  if (process.env.LOADLINE_API_KEYS_FILE === undefined && existsSync(SECRET)) {
    process.env.LOADLINE_API_KEYS_FILE = SECRET;
  }
  await runParser(
    buildParser([serve], runCommand),
    serveArguments(argv, process.env, findModel(process.env)),
  );
}

/** Where Docker and compose put the secret named `loadline-api-keys`. */
const SECRET = '/run/secrets/loadline-api-keys';

/** Where SageMaker puts the model that was registered with it. */
const SAGEMAKER_MODEL = '/opt/ml/model';
const BUILT_IN_MODEL = '/model/model.pkl';
const MODEL_FILE = /\.(pkl|pickle|joblib|sav)(\.(gz|bz2|xz|lzma|lz4|z))?$/i;

/**
 * The model to serve: LOADLINE_MODEL where it is set; then the one that SageMaker mounted, `model.*` before any other;
 * then the one in the image.
 */
export function findModel(env: Env, folder = SAGEMAKER_MODEL): string {
  if (env.LOADLINE_MODEL) {
    return env.LOADLINE_MODEL;
  }
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => MODEL_FILE.test(name)) : [];
  const first = files.sort().find((name) => name.startsWith('model.')) ?? files[0];
  return first === undefined ? BUILT_IN_MODEL : join(folder, first);
}

/** The model that the image was built with answers by the name and version of the image's labels. */
function builtIn({ LOADLINE_BUILT_IN: built = '' }: Env): string[] {
  const [, name = '', version = ''] = /^(.+)\/([^/]+)$/.exec(built) ?? [];
  return name === '' ? [] : ['--name', name, '--as-version', version];
}

/**
 * The command line of `serve` in a container. It listens on every address, as a container must, on
 * LOADLINE_PORT, else SageMaker's port, else PORT (Cloud Run, Heroku), else 5000. `serve` as the first argument is
 * SageMaker's way to start an image: its port is 8080.
 */
export function serveArguments(argv: readonly string[], env: Env, model: string): string[] {
  const sagemaker = argv[0] === 'serve';
  const port = env.LOADLINE_PORT || env.SAGEMAKER_BIND_TO_PORT || (sagemaker ? '8080' : env.PORT || '5000');
  const given = serve.options.flatMap(({ flags }) => {
    const [, flag = '', value] = /(--[\w-]+)( [<[])?/.exec(flags) ?? [];
    const set = env[`LOADLINE_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`];
    if (!set || flag === '--port') {
      return [];
    }
    const isOn = set === '1' || set === 'true';
    return value === ' <' || (value === ' [' && !isOn) ? [flag, set] : isOn ? [flag] : [];
  });
  return [
    'serve',
    model,
    ...(model === BUILT_IN_MODEL ? builtIn(env) : []),
    '--host',
    '0.0.0.0',
    '--allow-anonymous',
    '--port',
    port,
    ...(sagemaker ? ['--dialect', 'sagemaker'] : []),
    ...given,
    ...(sagemaker ? argv.slice(1) : argv),
  ];
}
