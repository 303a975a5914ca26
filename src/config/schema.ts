/**
 * What a loadline.yaml may say, once for every command and for the JSON Schema that editors take. The message of each part
 * is what is wanted there: it reads on from `expected`.
 */
import { z } from 'zod';
import { DEFAULT_LIMITS } from '../bytes/limits.ts';
import { LOG_LEVELS } from '../log.ts';
import { CANARY_KEY, HEADER_NAME, WATCH_INTERVAL } from './defaults.ts';
import { DURATION, SIZE_TEXT } from './units.ts';

export const API_VERSION = 'loadline/v1';

interface About {
  readonly description: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

function text(wanted: string, about: About, pattern = /\S/) {
  return z
    .string({ error: wanted })
    .regex(pattern, { error: wanted })
    .meta({ ...about });
}

function whole(least: number, most: number, about: About) {
  const error = `a whole number from ${least} to ${most}`;
  return z
    .int({ error })
    .min(least, { error })
    .max(most, { error })
    .meta({ ...about });
}

function yes(about: About) {
  return z.boolean({ error: 'true or false' }).meta({ ...about });
}

function choice<const T extends readonly [string, ...string[]]>(values: T, about: About) {
  return z.enum(values, { error: `one of ${values.join(', ')}` }).meta({ ...about });
}

function mapping<T extends z.core.$ZodLooseShape>(shape: T, about: About) {
  return z.strictObject(shape, { error: 'a mapping' }).meta({ ...about });
}

function list<T extends z.ZodType>(item: T, about: About) {
  return z.array(item, { error: 'a list' }).meta({ ...about });
}

function duration(about: About) {
  return text('a duration such as 500ms, 5s or 2m', about, DURATION);
}

function size(about: About) {
  const error = 'a size such as 512Ki or 16Mi, or a number of bytes';
  return z
    .union([z.string().regex(SIZE_TEXT, { error }), z.int({ error }).min(0, { error })], { error })
    .meta({ ...about });
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL_WORDS = 'at most 63 lower-case letters, digits and -';

function label(what: string, about: About) {
  return text(`${what} of ${LABEL_WORDS}`, about, LABEL);
}

const VERSION = { error: 'the number of a version' };
const versionNumber = z.union(
  [z.int(VERSION).min(1, VERSION), z.string().regex(/^[1-9]\d*$/, VERSION)],
  VERSION,
);

const reference = text(
  'a model file, models:/NAME@ALIAS, NAME@ALIAS, NAME/3, runs:/RUN/PATH or a .dvc file',
  {
    description:
      'A model file or MLflow folder, relative to this file; a version on MLflow, in the embedded store or tracked by DVC.',
    examples: ['model.pkl', 'house-price@champion', 'models:/house-price@champion'],
  },
);

/** One of the two, which `read` checks. */
const besides = {
  version: versionNumber
    .meta({ description: 'Its number, of the registered model that `source` names.' })
    .optional(),
  source: reference.optional(),
};

const WATCH = { error: 'true, false or a duration such as 5s' };
const SHARE = { error: 'a share above 0% and below 100%, such as 10% or 0.1' };

const model = mapping(
  {
    name: text(
      'letters, digits, spaces and . _ -',
      {
        description:
          "Name in the protocols' paths; by default the registered one, or the file's without its ending.",
      },
      /^(?![.\s]*$)[\w .-]{1,256}$/,
    ).optional(),
    source: reference,
    watch: z
      .union([z.boolean(), z.string().regex(DURATION, WATCH)], WATCH)
      .meta({
        description: `Whether the reference is looked up again and again, and how often; true is every ${WATCH_INTERVAL}.`,
        default: false,
      })
      .optional(),
    versions: list(versionNumber, {
      description: 'Further versions that may be asked for by number.',
    }).optional(),
    canary: mapping(
      {
        ...besides,
        share: z
          .union([z.string().regex(/^\d+(\.\d+)?%$/, SHARE), z.number().gt(0, SHARE).lt(1, SHARE)], SHARE)
          .meta({ description: 'Of the requests.', examples: ['10%', 0.1] }),
        key: text(
          'the name of a header',
          {
            description: 'Header whose value decides who meets it; without the header chance decides.',
            default: CANARY_KEY,
          },
          HEADER_NAME,
        ).optional(),
      },
      { description: 'A version that answers a share of the requests.' },
    ).optional(),
    shadow: mapping(besides, {
      description: 'A version that answers nobody and is compared in the background.',
    }).optional(),
  },
  { description: 'A model to serve.' },
);

const WORKERS = { error: 'auto or a whole number from 1 to 512' };

const server = mapping(
  {
    host: text('an address', { description: 'Address to listen on.', default: '127.0.0.1' }).optional(),
    port: whole(0, 65_535, {
      description: 'Port to listen on; 0 takes a free one.',
      default: 5000,
    }).optional(),
    workers: z
      .union([z.literal('auto'), z.int().min(1, WORKERS).max(512, WORKERS)], WORKERS)
      .meta({ description: 'Processes, or auto for one per CPU of the quota.', default: 1 })
      .optional(),
    // As src/serve/protocols/define.ts has them, which stands above this folder; a test compares the two.
    dialect: choice(['auto', 'mlflow', 'sagemaker'], {
      description: 'Whose rules hold on /ping and /invocations, which MLflow and SageMaker share.',
      default: 'auto',
    }).optional(),
    drain: duration({
      description: 'How long SIGTERM keeps serving while not ready.',
      default: '5s',
    }).optional(),
    keysFile: text('a file', {
      description: 'API keys, one name:key a line; relative to this file.',
    }).optional(),
    keyRate: whole(1, 1e9, { description: 'Requests per second allowed to each key.' }).optional(),
    allowAnonymous: yes({
      description: 'Let everyone ask on an address that is not loopback.',
      default: false,
    }).optional(),
    maxBody: size({ description: 'Largest request body.', default: '16Mi' }).optional(),
    maxQueue: duration({
      description: 'Waiting let in by a burst before requests are refused.',
      default: '50ms',
    }).optional(),
    logLevel: choice(LOG_LEVELS, { description: 'What is logged.', default: 'warn' }).optional(),
    accessLog: whole(0, 1e9, {
      description: 'Requests logged per second at most, at level info.',
      default: 0,
    }).optional(),
    limits: mapping(
      Object.fromEntries(
        Object.keys(DEFAULT_LIMITS).map((name) => [
          name,
          size({ description: `The limit ${name}.` }).optional(),
        ]),
      ),
      { description: 'Limits of the reader that are raised for files you trust.' },
    ).optional(),
    store: text('a folder', {
      description: 'The embedded store; relative to this file.',
      default: '.loadline/models',
    }).optional(),
    trackingUri: text(
      'an address of http or https',
      { description: 'The MLflow server of models:/… and runs:/….', default: 'http://127.0.0.1:5001' },
      /^https?:\/\/\S+$/,
    ).optional(),
  },
  { description: 'The server, by the names of the options of `loadline serve`.' },
);

const CPU = { error: 'CPUs such as 500m, 0.5 or 2' };
const cpu = z
  .union([z.number().gt(0, CPU), z.string().regex(/^(\d+(\.\d+)?|\d+m)$/, CPU)], CPU)
  .meta({ description: 'CPUs.', examples: ['500m', 2] });

const memory = text(
  'memory such as 256Mi or 1Gi',
  { description: 'Memory.', examples: ['256Mi'] },
  /^\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$/,
);

const quantities = { cpu: cpu.optional(), memory: memory.optional() };

const deploy = mapping(
  {
    name: label('a name', { description: 'Name of what is made.' }).optional(),
    image: text('the name of an image', {
      description: 'Image to run.',
      examples: ['ghcr.io/team/house-price:v3'],
    }).optional(),
    namespace: label('a namespace', { description: 'Namespace of the cluster.' }).optional(),
    replicas: whole(0, 10_000, { description: 'Copies, where nothing scales them.' }).optional(),
    resources: mapping(
      {
        requests: mapping(quantities, { description: 'What each copy is sure to get.' }).optional(),
        limits: mapping(quantities, { description: 'What each copy gets at most.' }).optional(),
      },
      { description: 'Resources of each copy.' },
    ).optional(),
    scale: mapping(
      {
        min: whole(1, 10_000, { description: 'Fewest copies.' }).optional(),
        max: whole(1, 10_000, { description: 'Most copies.' }).optional(),
        cpu: whole(1, 100, { description: 'Aim: use of the requested CPU in percent.' }).optional(),
        requestsPerPod: z
          .number({ error: 'a number above 0' })
          .gt(0, { error: 'a number above 0' })
          .meta({ description: 'Aim: requests per second of each copy.' })
          .optional(),
        p95: duration({ description: 'Aim: 95 of 100 requests are answered within it.' }).optional(),
      },
      { description: 'How the number of copies follows the load.' },
    ).optional(),
    service: mapping(
      {
        type: choice(['ClusterIP', 'NodePort', 'LoadBalancer'], {
          description: 'Kind of service.',
        }).optional(),
        port: whole(1, 65_535, { description: 'Port of the service.' }).optional(),
      },
      { description: 'How the copies are reached.' },
    ).optional(),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_]\w*$/, { error: 'the name of a variable' }),
        z.string({ error: 'text in quotes' }),
        {
          error: 'a mapping',
        },
      )
      .meta({ description: 'Variables of the environment.' })
      .optional(),
    secrets: mapping(
      {
        apiKeys: label('the name of a secret', { description: 'Secret with the API keys.' }).optional(),
        imagePull: label('the name of a secret', {
          description: 'Secret to pull the image with.',
        }).optional(),
        mlflow: label('the name of a secret', {
          description: 'Secret with the credentials of MLflow.',
        }).optional(),
      },
      { description: 'Secrets of the cluster, by name: their content stays out of this file.' },
    ).optional(),
    probes: mapping(
      {
        period: duration({ description: 'Between two looks at a copy.' }).optional(),
        timeout: duration({ description: 'How long a copy may take to answer one.' }).optional(),
        failures: whole(1, 1000, { description: 'Looks that fail before something is done.' }).optional(),
      },
      { description: 'How copies are looked after.' },
    ).optional(),
    monitoring: mapping(
      { enabled: yes({ description: 'Whether metrics are collected.' }) },
      { description: 'Monitoring.' },
    ).optional(),
  },
  { description: 'Reserved for deployment: checked, not used yet.' },
);

export const configSchema = mapping(
  {
    apiVersion: z
      .literal(API_VERSION, { error: API_VERSION })
      .meta({ description: 'Version of this format.' }),
    models: z
      .array(model, { error: 'a list of models' })
      .min(1, { error: 'at least one model' })
      .meta({ description: 'What is served; the first is the one of routes that name none.' }),
    server: server.optional(),
    deploy: deploy.optional(),
  },
  { description: 'What Loadline serves, and how.' },
);

/** The file as it is written. */
export type ConfigFile = z.infer<typeof configSchema>;
export type DeployConfig = z.infer<typeof deploy>;

/** The schema for editors, as JSON Schema draft 2020-12. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' }),
    title: 'loadline.yaml',
  };
}
