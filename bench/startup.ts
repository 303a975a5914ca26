/** How long from start to the first answer, and how much memory does the idle server hold, beside the Flask app? */
import { readFileSync } from 'node:fs';
import { packageCommand } from './package.ts';
import { firstAnswer, median, setting, startServer, stopServer, treePss } from './process.ts';
import type { Finding } from './report.ts';

const root = new URL('..', import.meta.url).pathname;

/** Starts each server `rounds` times by turns; gives the ratios of the medians. */
export async function startup(rounds: number): Promise<Finding[]> {
  const models = setting('LOADLINE_BENCH_MODELS');
  const python = setting('LOADLINE_BENCH_PYTHON');
  const pickle = `${models}/linear.pkl`;
  const { rows } = JSON.parse(readFileSync(`${models}/linear.json`, 'utf8')) as { rows: number[][] };
  const body = JSON.stringify({ features: rows[0] });
  const commands: Record<string, readonly string[]> = {
    loadline: [process.execPath, packageCommand(), 'serve', pickle, '--port', '5111', '--workers', '1'],
    flask: [python, `${root}bench/peers/flask_app.py`, '5111'],
  };
  const seconds: Record<string, number[]> = { loadline: [], flask: [] };
  const memory: Record<string, number[]> = { loadline: [], flask: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const start = performance.now();
      const server = startServer(name, 5111, command, { MODEL: pickle });
      try {
        await firstAnswer(server, body);
        const took = (performance.now() - start) / 1000;
        await new Promise((resolve) => setTimeout(resolve, 1500));
        // The first round fills the file caches of both and is not counted.
        if (round > 0) {
          seconds[name]!.push(took);
          memory[name]!.push(treePss(server.child.pid!) / 2 ** 20);
          console.error(`  start round ${round}/${rounds} ${name}: ${took.toFixed(3)} s`);
        }
      } finally {
        await stopServer(server);
      }
    }
  }
  const pair = (values: Record<string, number[]>, unit: string, digits: number): [number, string] => {
    const own = median(values.loadline!);
    const peer = median(values.flask!);
    return [own / peer, `${own.toFixed(digits)} ÷ ${peer.toFixed(digits)} ${unit}`];
  };
  const [startRatio, startDetail] = pair(seconds, 's', 3);
  const [memoryRatio, memoryDetail] = pair(memory, 'MiB', 0);
  return [
    {
      what: 'start to first answer, ÷ Flask',
      value: startRatio,
      target: 0.1,
      atLeast: false,
      detail: startDetail,
    },
    {
      what: 'idle memory (PSS), ÷ Flask',
      value: memoryRatio,
      target: 0.6,
      atLeast: false,
      detail: memoryDetail,
    },
  ];
}
