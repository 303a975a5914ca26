import { EXIT, LoadlineError } from '../../errors.ts';
import type { ServeSettings } from '../../serve/settings.ts';
import { defineCommand, type Options, text } from '../define.ts';
import { LIMITS_OPTION } from '../limits.ts';
import { MODEL_HELP, STORE_OPTION } from '../model-options.ts';
import { print, say, type Terminal } from '../output/terminal.ts';
import type { Opened, Serving } from '../serving/open.ts';
import { duration } from '../units.ts';

// No option has a default of the parser's: what is not given may stand in loadline.yaml.
export const serve = defineCommand({
  name: 'serve',
  args: [{ spec: '[model]', help: `${MODEL_HELP}; or a loadline.yaml, by default the one in this folder` }],
  group: 'Serve',
  summary: 'answer predictions over HTTP',
  examples: [
    'loadline serve model.pkl',
    'loadline serve model.pkl --port 8080 --workers auto',
    'loadline serve models:/house-price@champion --watch',
    'loadline serve house-price@champion --watch --canary house-price/4=10% --shadow house-price/5',
    'LOADLINE_API_KEYS=web:some-long-key loadline serve model.pkl --host 0.0.0.0',
  ],
  options: [
    {
      flags: '--name <name>',
      help: "name in the protocols' paths (the registered one, or the file's without its ending)",
    },
    {
      flags: '--as-version <version>',
      help: 'version to answer as, for a file, which has no number (the first 12 digits of its sha256)',
    },
    {
      flags: '--watch [interval]',
      help: 'look up the reference again and again, and serve the version it moves to once it passed its checks (every 5s)',
    },
    { flags: '--canary <version=share>', help: 'NAME/4=10%: a version that answers a share of the requests' },
    {
      flags: '--canary-key <header>',
      help: 'header whose value decides who meets the canary; without it chance decides (x-loadline-key)',
    },
    {
      flags: '--shadow <version>',
      help: 'NAME/4: a version that answers nobody and is compared in the background',
    },
    { flags: '--versions <list>', help: 'NAME/2,NAME/3: further versions that may be asked for by number' },
    STORE_OPTION,
    { flags: '--host <address>', help: 'address to listen on (127.0.0.1)' },
    { flags: '--port <port>', help: 'port to listen on; 0 takes a free one (5000)' },
    { flags: '--workers <number>', help: 'processes, or auto for one per CPU of the quota (1)' },
    {
      flags: '--dialect <dialect>',
      help: 'whose rules hold on /ping and /invocations, which MLflow and SageMaker share (auto)',
      choices: ['auto', 'mlflow', 'sagemaker'],
    },
    { flags: '--drain <duration>', help: 'how long SIGTERM keeps serving while not ready (5s)' },
    { flags: '--keys-file <file>', help: 'API keys, one name:key a line (also LOADLINE_API_KEYS)' },
    { flags: '--key-rate <number>', help: 'requests per second allowed to each key' },
    { flags: '--allow-anonymous', help: 'let everyone ask on an address that is not loopback' },
    { flags: '--max-body <size>', help: 'largest request body (16Mi)' },
    {
      flags: '--max-queue <duration>',
      help: 'waiting let in by a burst before requests are refused (50ms)',
    },
    { flags: '--log-level <level>', help: 'silent, error, warn, info or debug (warn)' },
    { flags: '--access-log <number>', help: 'requests logged per second at most, at level info (0)' },
    LIMITS_OPTION,
    { flags: '--json', help: 'events as JSON lines on stdout' },
  ],
  async run([given = ''], flags, terminal) {
    const start = performance.now();
    const { readAsked } = await import('../serving/asked.ts');
    const asked = await readAsked(given, flags, terminal.env);
    const { options } = asked;
    const { readSettings } = await import('../serving/settings.ts');
    const settings = await readSettings(options, terminal);
    const drainMs = duration('drain', text(options, 'drain') ?? '5s');
    const { checkExposure } = await import('../../config/keys.ts');
    checkExposure(settings);
    const log = logger(options, terminal);
    const { openServing } = await import('../serving/open.ts');
    const serving = await openServing(asked, settings, terminal, log);
    const code = await serveUntilEnd(serving, settings, options, terminal, { drainMs, start, log });
    log(code === EXIT.ok ? 'drained' : 'ended at once');
    if (code !== EXIT.ok) {
      process.exit(code);
    }
    return code;
  },
});

interface Life {
  readonly drainMs: number;
  /** When the command began. */
  readonly start: number;
  readonly log: (message: string) => void;
}

/** Gives the exit code once a signal has ended the server. */
async function serveUntilEnd(
  serving: Serving,
  settings: ServeSettings,
  options: Options,
  terminal: Terminal,
  { drainMs, start, log }: Life,
): Promise<number> {
  const { follower, plan, followed } = serving;
  try {
    const { running, address } = await startServer(serving, settings, log);
    try {
      follower.start(running);
      const { obeySignals } = await import('../../serve/run.ts');
      const ended = obeySignals(running, { drainMs, log, reload: follower.reload });
      const { announce } = await import('../serving/announce.ts');
      const tookMs = performance.now() - start;
      const ready = { plan, settings, address, tookMs, followed };
      announce({ ...ready, model: openedOf(serving).model }, options, terminal);
      serving.opened = null;
      const { flushCompileCache } = await import('node:module');
      flushCompileCache();
      return await ended;
    } catch (error) {
      running.kill();
      throw error;
    }
  } finally {
    serving.close();
  }
}

async function startServer(
  serving: Serving,
  settings: ServeSettings,
  log: (message: string) => void,
): ReturnType<typeof import('../../serve/single.ts').startSingle> {
  const {
    plan,
    follower: { repository, look },
  } = serving;
  const { roster } = openedOf(serving);
  if (roster !== null) {
    const { startSingle } = await import('../../serve/single.ts');
    return startSingle(roster, settings, repository);
  }
  const { startPrimary } = await import('../../serve/workers/primary.ts');
  const exec = process.argv[1] ?? '';
  return startPrimary({ settings, plan, repository, exec, args: ['serve-worker'], look, log });
}

function openedOf({ opened }: Serving): Opened {
  if (opened === null) {
    throw new LoadlineError('LL1099', 'The server has started already');
  }
  return opened;
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
