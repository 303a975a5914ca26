import { EXIT } from '../../../errors.ts';
import { defineCommand, text, values } from '../../define.ts';
import { JSON_OPTION, STORE_OPTION } from '../../model-options.ts';
import { print, say, type Terminal } from '../../output/terminal.ts';
import { wholeNumber } from '../../units.ts';
import { version } from '../../version.ts';

export const server = defineCommand({
  name: 'server',
  args: [],
  group: 'Versions',
  summary: "answer MLflow's API from the store: track, log, register, load",
  examples: [
    'loadline models server',
    'loadline models server --port 5001 --store /srv/models',
    'LOADLINE_API_KEYS=team:some-long-key loadline models server --host 0.0.0.0',
  ],
  options: [
    { flags: '--port <port>', help: 'port to listen on; 0 takes a free one', default: '5001' },
    { flags: '--host <address>', help: 'address to listen on', default: '127.0.0.1' },
    { flags: '--keys-file <file>', help: 'API keys, one name:key a line (also LOADLINE_API_KEYS)' },
    { flags: '--allow-anonymous', help: 'let everyone ask on an address that is not loopback' },
    {
      flags: '--allowed-host <name>',
      help: 'a name that clients call it by, * for any text in it; may be repeated',
      repeat: true,
    },
    STORE_OPTION,
    JSON_OPTION,
  ],
  async run(_args, options, terminal) {
    const start = performance.now();
    const port = wholeNumber('port', text(options, 'port') ?? '5001', 0, 65_535);
    const host = text(options, 'host') ?? '127.0.0.1';
    const { readKeys } = await import('../../keys-file.ts');
    const { createLogger } = await import('../../../log.ts');
    const { storeFolder } = await import('../../models.ts');
    const keys = await readKeys(options, terminal.env);
    const logger = createLogger('warn');
    const { checkExposure } = await import('../../../config/keys.ts');
    const allowAnonymous = options.allowAnonymous === true;
    checkExposure({ host, keys, allowAnonymous });
    const { openStore } = await import('../../../versions/store/open.ts');
    const { SPOKEN_VERSION, startMlflowApi } = await import('../../../versions/mlflow-api/server.ts');
    const { obeySignals } = await import('../../../serve/run.ts');
    const store = openStore(storeFolder(options, terminal.env), { create: true });
    try {
      const allowedHosts = values(options, 'allowedHost');
      const api = await startMlflowApi({ store, host, port, keys, allowAnonymous, allowedHosts, logger });
      const ready = { url: api.url, port: api.port, store: store.folder, speaks: `MLflow ${SPOKEN_VERSION}` };
      const startMs = Math.round(performance.now() - start);
      if (options.json === true) {
        print(terminal, JSON.stringify({ ts: new Date().toISOString(), event: 'ready', ...ready, startMs }));
      } else {
        announce({ ...ready, open: keys.length === 0, startMs }, terminal);
      }
      const running = { stop: () => api.close(), kill: () => process.exit(EXIT.failed) };
      const log = (message: string): void => {
        if (options.json === true) {
          print(terminal, JSON.stringify({ ts: new Date().toISOString(), event: 'log', message }));
        } else {
          say(terminal, `  ${message}`);
        }
      };
      return await obeySignals(running, { drainMs: 0, log, reload: async () => {} });
    } finally {
      store.close();
    }
  },
});

interface Ready {
  readonly url: string;
  readonly store: string;
  readonly speaks: string;
  /** Without keys. */
  readonly open: boolean;
  readonly startMs: number;
}

function announce({ url, store, speaks, open, startMs }: Ready, terminal: Terminal): void {
  const { color, symbol } = terminal;
  const dot = ` ${symbol.dot} `;
  const key = open ? '' : '   MLFLOW_TRACKING_TOKEN=…';
  const lines = [
    `${color.bold(`Loadline ${version()}`)}   model store ${store}${dot}speaks ${speaks}`,
    '',
    `Use it     export MLFLOW_TRACKING_URI=${url}${key}`,
    'See it     loadline models list models:/',
    'Serve it   loadline serve models:/NAME@ALIAS --watch',
    '',
    `ready in ${(startMs / 1000).toFixed(2)} s${dot}Ctrl-C ends it`,
  ];
  for (const line of lines) {
    say(terminal, line === '' ? '' : `  ${line}`);
  }
}
