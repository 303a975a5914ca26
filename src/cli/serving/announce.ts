/** What a server says when it is ready. */
import { exampleRow } from '../../model/example.ts';
import type { Model } from '../../model/model.ts';
import type { ModelPlan, RosterPlan } from '../../serve/roster/plan.ts';
import type { Address } from '../../serve/server.ts';
import type { ServeSettings } from '../../serve/settings.ts';
import type { Followed } from '../../serve/watch/follow.ts';
import type { Options } from '../define.ts';
import { print, say, type Terminal } from '../output/terminal.ts';

export interface Ready {
  /** The first model of the plan, opened. */
  readonly model: Model;
  readonly plan: RosterPlan;
  readonly settings: ServeSettings;
  readonly address: Address;
  readonly tookMs: number;
  readonly followed: readonly Followed[];
}

/** Says that the server is ready: facts for a person, or one `ready` event with `--json`. */
export function announce(ready: Ready, options: Options, terminal: Terminal): void {
  const { model, plan, settings, address, tookMs, followed } = ready;
  const { url } = address;
  const { signature, fitted, origin } = model;
  const [first] = plan.models;
  const version = first?.champion?.version ?? '';
  if (options.json) {
    print(
      terminal,
      JSON.stringify({
        ts: new Date().toISOString(),
        event: 'ready',
        url,
        port: address.port,
        name: first?.name,
        version,
        models: plan.models.map(({ name, champion }) => ({ name, version: champion?.version ?? null })),
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
    `${color.bold(`Loadline ${settings.software}`)}   ${first?.name}/${version}   ${facts.join(dot)}`,
    `${color.green(symbol.ok)} ${origin.file} read as data: nothing in it was executed`,
    ...plan.models.slice(1).map(({ name, champion }) => `${symbol.ok} ${name}/${champion?.version} too`),
    ...plan.models.flatMap(({ name, canary, shadow, warm }) => seatLines(name, { canary, shadow, warm })),
    ...followed.flatMap((one) => followLines(one, terminal)),
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

function followLines({ reference, source, intervalMs }: Followed, { color, symbol }: Terminal): string[] {
  if (intervalMs === null) {
    return [];
  }
  return [
    source.moves
      ? `${color.green(symbol.ok)} follows ${reference}, looked up every ${intervalMs / 1000} s`
      : `${color.yellow(symbol.warn)} ${reference} is one version and never moves: there is nothing to watch`,
  ];
}

function seatLines(name: string, { canary, shadow, warm }: Omit<ModelPlan, 'name' | 'champion'>): string[] {
  return [
    ...(canary === null
      ? []
      : [
          `  canary ${name}/${canary.version} answers ${Number((canary.share * 100).toPrecision(3))} % (by the header ${canary.keyHeader} where it is sent)`,
        ]),
    ...(shadow === null ? [] : [`  shadow ${name}/${shadow.version} is compared with it in the background`]),
    ...(warm.length === 0
      ? []
      : [`  also ${warm.map(({ version }) => `${name}/${version}`).join(', ')}, by number`]),
  ];
}
