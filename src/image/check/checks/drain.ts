import type { Client, Reply } from '../client.ts';
import { type CheckContext, defineCheck, type Finding } from '../define.ts';
import { type HeldRequest, holdRequest, type Sent, startLoad } from '../load.ts';
import { secondsText } from '../text.ts';
import { until, within } from '../wait.ts';

/** Clients that leave when they are told to, as connections behind a load balancer do. */
const LEAVING = 8;
/** Clients that go on with new connections until the server is seen not to be ready. */
const BEHIND = 2;
/** Answers before the signal, or this long: the connections are then in use. */
const WARM_ANSWERS = 200;
const WARM_MS = 3000;
/** Longer than a drain period and what is in flight then. */
const END_MS = 60_000;
/** Patience with a signal on its way and with connections that are told to close. */
const STEP_MS = 10_000;

export const drain = defineCheck({
  name: 'drain',
  title: 'loses no request at a stop',
  needs: ['server', 'stop'],
  async run(context) {
    const { server, samples } = context;
    const asked = samples?.singles.find(({ expected }) => 'answer' in expected);
    if (asked === undefined) {
      return { ok: null, detail: 'there is no request that the model takes' };
    }
    const sent: Sent[] = [];
    const common = {
      port: Number(new URL(server.url).port),
      path: '/predict',
      body: asked.body,
      pauseMs: 5,
      onSent: (one: Sent) => sent.push(one),
    } as const;
    const leaving = startLoad({ ...common, connections: LEAVING, onClose: 'leave' });
    const behind = startLoad({ ...common, connections: BEHIND, onClose: 'reconnect' });
    try {
      return await stopUnderLoad(context, asked.body, {
        sent,
        leaving: leaving.left,
        stopBehind: behind.stop,
      });
    } finally {
      await Promise.all([leaving.stop(), behind.stop()]);
    }
  },
});

interface UnderLoad {
  readonly sent: readonly Sent[];
  readonly leaving: Promise<void>;
  readonly stopBehind: () => Promise<void>;
}

async function stopUnderLoad(context: CheckContext, body: string, load: UnderLoad): Promise<Finding> {
  const { server, signal } = context;
  await until(() => load.sent.length >= WARM_ANSWERS, WARM_MS, signal);
  const held = await holdRequest(Number(new URL(server.url).port), '/predict', body);
  try {
    return await stop(context, body, load, held);
  } finally {
    held.close();
  }
}

async function stop(
  { server, client, signal }: CheckContext,
  body: string,
  load: UnderLoad,
  held: HeldRequest,
): Promise<Finding> {
  let ended = false;
  void server.ended.then(() => {
    ended = true;
  });
  const from = performance.now();
  await server.signal('SIGTERM');
  if (!(await until(async () => ended || (await isUnready(client)), STEP_MS, signal))) {
    return {
      ok: false,
      detail: `SIGTERM did not reach it: still ready after ${secondsText(STEP_MS)}; is the entry point a shell's?`,
    };
  }
  if (ended) {
    return { ok: false, detail: 'it ended at SIGTERM without first being not ready' };
  }
  const during = await outcome(client.ask('/predict', { body }));
  // A balancer that has seen it sends nothing new; who holds a connection is told with its next answer.
  await load.stopBehind();
  await within(Promise.race([load.leaving, server.ended]), STEP_MS, signal);
  const last = await held.finish();
  const end = await within(server.ended, END_MS, signal);
  if (end === null) {
    return { ok: false, detail: `it did not end within ${secondsText(END_MS)} of SIGTERM` };
  }
  const { code, reason } = end;
  const stopMs = Math.round(performance.now() - from);
  const requests = [...load.sent, during, last];
  const lost = requests.filter(isLost);
  const values = { requests: requests.length, lost: lost.length, stopMs };
  const [first] = lost;
  if (first !== undefined) {
    const why = first.failure ?? `answered ${first.status}`;
    return { ok: false, detail: `${lost.length} of ${requests.length} requests lost: ${why}`, values };
  }
  if (code !== 0) {
    return { ok: false, detail: `${reason ?? `exit code ${code}`}, expected exit code 0`, values };
  }
  return {
    ok: true,
    detail: `${requests.length} requests, none lost; exit code 0 ${secondsText(stopMs)} after SIGTERM`,
    values,
  };
}

type Outcome = Pick<Sent, 'status' | 'body' | 'failure'>;

async function outcome(asked: Promise<Reply>): Promise<Outcome> {
  try {
    const { status, text } = await asked;
    return { status, body: text, failure: null };
  } catch (error) {
    return { status: 0, body: '', failure: error instanceof Error ? error.message : String(error) };
  }
}

/** A request that was sent and not answered as it should be. One refused because the server is saturated was never taken. */
function isLost({ status, body }: Outcome): boolean {
  return status !== 200 && !(status === 503 && body.includes('LL5001'));
}

/** Whether it answers and says that it is not ready; one that has ended already is told by its end. */
async function isUnready(client: Client): Promise<boolean> {
  return (await outcome(client.ask('/readyz'))).status === 503;
}
