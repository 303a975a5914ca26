import { EXIT, LoadlineError } from '../../errors.ts';
import { exampleRow } from '../../model/example.ts';
import type { Model } from '../../model/model.ts';
import type { Repository } from '../../serve/protocols/define.ts';
import type { RosterPlan } from '../../serve/roster/plan.ts';
import type { Running } from '../../serve/run.ts';
import type { Address } from '../../serve/server.ts';
import type { ServeSettings } from '../../serve/settings.ts';
import { defineCommand, type Options, text } from '../define.ts';
import { LIMITS_OPTION, readLimits } from '../limits.ts';
import { print, say, type Terminal } from '../output/terminal.ts';
import { duration, size, wholeNumber } from '../units.ts';
import { version } from '../version.ts';

export const serve = defineCommand({
  name: 'serve',
  args: [{ spec: '<model>', help: 'a model.pkl or model.joblib' }],
  group: 'Serve',
  summary: 'answer predictions over HTTP',
  examples: [
    'loadline serve model.pkl',
    'loadline serve model.pkl --port 8080 --workers auto',
    'LOADLINE_API_KEYS=web:some-long-key loadline serve model.pkl --host 0.0.0.0',
  ],
  options: [
    { flags: '--name <name>', help: "name in the protocols' paths (the file's name without its ending)" },
    { flags: '--host <address>', help: 'address to listen on', default: '127.0.0.1' },
    { flags: '--port <port>', help: 'port to listen on; 0 takes a free one', default: '5000' },
    { flags: '--workers <number>', help: 'processes, or auto for one per CPU of the quota', default: '1' },
    {
      flags: '--dialect <dialect>',
      help: 'whose rules hold on /ping and /invocations, which MLflow and SageMaker share',
      choices: ['auto', 'mlflow', 'sagemaker'],
      default: 'auto',
    },
    { flags: '--drain <duration>', help: 'how long SIGTERM keeps serving while not ready', default: '5s' },
    { flags: '--keys-file <file>', help: 'API keys, one name:key a line (also LOADLINE_API_KEYS)' },
    { flags: '--key-rate <number>', help: 'requests per second allowed to each key' },
    { flags: '--allow-anonymous', help: 'let everyone ask on an address that is not loopback' },
    { flags: '--max-body <size>', help: 'largest request body', default: '16Mi' },
    {
      flags: '--max-queue <duration>',
      help: 'waiting let in by a burst before requests are refused',
      default: '50ms',
    },
    { flags: '--log-level <level>', help: 'silent, error, warn, info or debug', default: 'warn' },
    { flags: '--access-log <number>', help: 'requests logged per second at most (level info)', default: '0' },
    LIMITS_OPTION,
    { flags: '--json', help: 'events as JSON lines on stdout' },
  ],
  async run([path = ''], options, terminal) {
    const settings = await readSettings(options, terminal);
    const drainMs = duration('drain', text(options, 'drain') ?? '5s');
    const { checkExposure } = await import('../../config/keys.ts');
    checkExposure(settings);
    const start = performance.now();
    const { obeySignals } = await import('../../serve/run.ts');
    const { createDirector } = await import('../../serve/director.ts');
    const log = logger(options, terminal);
    const name = text(options, 'name') ?? (await nameOf(path));
    const resolve = (): Promise<RosterPlan> => planOf(path, name);
    let running: Running | null = null;
    const director = createDirector({ resolve, running: () => running!, log });
    const started = await startServer(await resolve(), settings, director.repository, log);
    running = started.running;
    const { address } = started;
    const { openModel } = await import('../../formats/open.ts');
    const model = await openModel(path, settings.limits);
    announce(model, name, settings, address, performance.now() - start, options, terminal);
    const { flushCompileCache } = await import('node:module');
    flushCompileCache();
    const code = await obeySignals(running, { drainMs, log, reload: director.reload });
    log(code === EXIT.ok ? 'drained' : 'ended at once');
    if (code !== EXIT.ok) {
      process.exit(code);
    }
    return code;
  },
});

async function nameOf(path: string): Promise<string> {
  const { defaultName } = await import('../../versions/default-name.ts');
  return defaultName(path);
}

async function planOf(path: string, name: string): Promise<RosterPlan> {
  const { readBytes } = await import('../../formats/read-bytes.ts');
  const { sha256: identity } = await readBytes(path);
  const champion = { version: identity.slice(0, 12), path, identity };
  return { models: [{ name, champion, canary: null, shadow: null, warm: [] }] };
}

async function startServer(
  plan: RosterPlan,
  settings: ServeSettings,
  repository: Repository,
  log: (message: string) => void,
): ReturnType<typeof import('../../serve/single.ts').startSingle> {
  if (settings.workers === 1) {
    const { startSingle } = await import('../../serve/single.ts');
    return startSingle(plan, settings, repository);
  }
  const { startPrimary } = await import('../../serve/workers/primary.ts');
  const exec = process.argv[1] ?? '';
  return startPrimary({ settings, plan, repository, exec, args: ['serve-worker'], log });
}

async function readSettings(options: Options, terminal: Terminal): Promise<ServeSettings> {
  const { DIALECTS } = await import('../../serve/protocols/define.ts');
  const { LOG_LEVELS } = await import('../../log.ts');
  const { env } = terminal;
  const level = text(options, 'logLevel');
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (logLevel === undefined) {
    throw new LoadlineError('LL1001', `--log-level wants ${LOG_LEVELS.join(', ')}, found "${level}"`);
  }
  const keyRate = text(options, 'keyRate');
  return {
    limits: readLimits(options),
    software: version(),
    host: text(options, 'host') ?? '127.0.0.1',
    port: wholeNumber('port', env.AIP_HTTP_PORT ?? text(options, 'port') ?? '5000', 0, 65_535),
    keys: await readKeys(options, env),
    keyRate: keyRate === undefined ? null : wholeNumber('key-rate', keyRate, 1, 1e9),
    allowAnonymous: options.allowAnonymous === true,
    dialect: DIALECTS.find((known) => known === options.dialect) ?? 'auto',
    vertex:
      env.AIP_HEALTH_ROUTE !== undefined && env.AIP_PREDICT_ROUTE !== undefined
        ? { health: env.AIP_HEALTH_ROUTE, predict: env.AIP_PREDICT_ROUTE }
        : null,
    maxBodyBytes: size('max-body', text(options, 'maxBody') ?? '16Mi'),
    maxQueueMs: duration('max-queue', text(options, 'maxQueue') ?? '50ms'),
    workers: await readWorkers(text(options, 'workers') ?? '1'),
    logLevel,
    accessLogPerSecond: wholeNumber('access-log', text(options, 'accessLog') ?? '0', 0, 1e9),
  };
}

async function readWorkers(value: string): Promise<number> {
  if (value === 'auto') {
    const { autoWorkers } = await import('../../serve/host-limits.ts');
    return autoWorkers();
  }
  return wholeNumber('workers', value, 1, 512);
}

async function readKeys(options: Options, env: Terminal['env']): Promise<ServeSettings['keys']> {
  const { parseKeys } = await import('../../config/keys.ts');
  const path = text(options, 'keysFile') ?? env.LOADLINE_API_KEYS_FILE;
  if (path !== undefined) {
    const { readFile } = await import('node:fs/promises');
    const content = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new LoadlineError('LL1006', `Cannot read the keys in ${path}`, { where: path, cause });
    });
    const keys = parseKeys(content, path);
    if (keys.length === 0) {
      throw new LoadlineError('LL1005', `${path} holds no keys`, { where: path });
    }
    return keys;
  }
  return parseKeys(env.LOADLINE_API_KEYS ?? '', 'LOADLINE_API_KEYS');
}

/** Events of the server: a line for a person, a JSON line with `--json`. */
function logger(options: Options, terminal: Terminal): (message: string) => void {
  return (message) => {
    if (options.json) {
      print(terminal, JSON.stringify({ ts: new Date().toISOString(), event: 'log', message }));
    } else {
      say(terminal, `  ${message}`);
    }
  };
}

function announce(
  model: Model,
  name: string,
  settings: ServeSettings,
  address: Address,
  tookMs: number,
  options: Options,
  terminal: Terminal,
): void {
  const { url } = address;
  const { signature, fitted, origin } = model;
  if (options.json) {
    print(
      terminal,
      JSON.stringify({
        ts: new Date().toISOString(),
        event: 'ready',
        url,
        port: address.port,
        name,
        estimator: fitted.name,
        sha256: origin.sha256,
        workers: settings.workers,
        startMs: Math.round(tookMs),
      }),
    );
    return;
  }
  const { color, symbol } = terminal;
  const dot = ` ${symbol.dot} `;
  const facts = [
    fitted.name,
    origin.sklearn === null ? null : `scikit-learn ${origin.sklearn}`,
    signature.features === null ? `takes ${signature.input}` : `${signature.features.length} features`,
    signature.classes !== null && signature.nOutputs === 1 ? `${signature.classes[0]?.length} classes` : null,
  ].filter((fact) => fact !== null);
  const lines = [
    `${color.bold(`Loadline ${settings.software}`)}   ${origin.file}   ${facts.join(dot)}`,
    `${color.green(symbol.ok)} read as data: nothing in the file was executed`,
    '',
    `API        ${url}/predict`,
    `Page       ${url}/          Metrics  /metrics   OpenAPI  /openapi.json`,
    `Try it     ${curlLine(url, model, settings)}`,
    '',
    `ready in ${(tookMs / 1000).toFixed(2)} s${dot}${settings.workers === 1 ? '1 process' : `${settings.workers} workers`}${dot}Ctrl-C ends it`,
  ];
  if (settings.allowAnonymous && settings.keys.length === 0 && settings.host !== '127.0.0.1') {
    lines.splice(
      2,
      0,
      `${color.yellow(symbol.warn)} everyone who reaches ${settings.host} may ask: no API keys are set`,
    );
  }
  for (const line of lines) {
    say(terminal, line === '' ? '' : `  ${line}`);
  }
}

function curlLine(url: string, model: Model, settings: ServeSettings): string {
  const body = JSON.stringify({ features: exampleRow(model.signature) });
  const key = settings.keys.length > 0 ? " -H 'Authorization: Bearer …'" : '';
  const row = body.length > 300 ? "'@row.json'" : `'${body.replaceAll("'", "'\\''")}'`;
  return `curl -s ${url}/predict${key} -d ${row}`;
}
