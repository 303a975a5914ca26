import type { Client } from '../client.ts';
import { defineCheck } from '../define.ts';
import { secondsText } from '../text.ts';
import { within } from '../wait.ts';

/** Short beside any start; a question costs the server next to nothing. */
const POLL_MS = 10;

export const ready = defineCheck({
  name: 'ready',
  title: 'starts and is ready',
  needs: [],
  async run({ server, client, readyMs, signal }) {
    const from = server.startedAt ?? performance.now();
    for (;;) {
      const leftMs = readyMs - (performance.now() - from);
      const why = await readiness(client, Math.max(leftMs, POLL_MS));
      const tookMs = Math.round(performance.now() - from);
      if (why === null) {
        return server.startedAt === null
          ? { ok: true, detail: 'GET /readyz answers 200' }
          : { ok: true, detail: `${secondsText(tookMs)} after its start`, values: { readyMs: tookMs } };
      }
      if ((await within(server.ended, POLL_MS, signal)) !== null) {
        return { ok: false, detail: 'ended before it was ready' };
      }
      if (tookMs >= readyMs) {
        return { ok: false, detail: `not ready within ${secondsText(readyMs)}: ${why}` };
      }
    }
  },
});

/** Why a server is not ready; null when it is. */
async function readiness(client: Client, timeoutMs: number): Promise<string | null> {
  try {
    const { status } = await client.ask('/readyz', { timeoutMs });
    return status === 200 ? null : `GET /readyz answers ${status}`;
  } catch (error) {
    return `GET /readyz: ${error instanceof Error ? error.message : error}`;
  }
}
