/** A worker process: one server that shares its listening socket with its siblings and does what the parent says. */
import { openModel, openModelBeside } from '../../formats/open.ts';
import { createLogger } from '../../log.ts';
import { type Snapshot, sameCounts } from '../../monitor/metrics/snapshot.ts';
import { checkVersion } from '../roster/check.ts';
import { createKeeper, type Keeper, openFirst } from '../roster/keeper.ts';
import { checkUnchanged } from '../roster/unchanged.ts';
import { createService, type Service } from '../server.ts';
import { serviceOptions } from '../settings.ts';
import { createLink, fromWire, toWire } from './link.ts';
import type { FromWorker, ToWorker, WireError } from './messages.ts';

/** How often counts are sent unasked: what a worker killed at once may have counted and not told. */
const TELL_EVERY_MS = 200;
/** Patience with the parent. */
const ANSWER_MS = 300_000;

/** Runs until the parent drains it or goes away. Called in a process that `primary.ts` forked. */
export async function runWorker(): Promise<void> {
  const tell = (message: FromWorker): void => {
    if (process.connected) {
      process.send?.(message);
    }
  };
  // The parent alone decides when to end: a terminal or a service manager signals the whole group.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {});
  }
  const texts = createLink<string>();
  const words = createLink<WireError | null>();
  const started = Promise.withResolvers<Extract<ToWorker, { readonly type: 'start' }>>();
  let service: Service | null = null;
  let keeper: Keeper | null = null;

  const handle = async (message: ToWorker): Promise<void> => {
    switch (message.type) {
      case 'start':
        started.resolve(message);
        break;
      case 'snapshot':
        if (service !== null) {
          tell({ type: 'snapshot', id: message.id, snapshot: service.snapshot() });
        }
        break;
      case 'prepare':
        try {
          const reports = await keeper?.prepare(message.plan);
          tell({ type: 'done', id: message.id, error: null, ...(reports === undefined ? {} : { reports }) });
        } catch (error) {
          tell({ type: 'done', id: message.id, error: toWire(error) });
        }
        break;
      case 'commit':
        keeper?.commit();
        tell({ type: 'done', id: message.id, error: null });
        break;
      case 'discard':
        keeper?.discard();
        tell({ type: 'done', id: message.id, error: null });
        break;
      case 'note':
        service?.note(message.follows);
        break;
      case 'drain':
        await service?.drain(message.periodMs);
        process.disconnect();
        process.exit(0);
        break;
      case 'metrics':
        texts.answer(message.id, message.text);
        break;
      case 'done':
        words.answer(message.id, message.error);
        break;
    }
  };
  process.on('message', (message: ToWorker) => {
    void handle(message);
  });
  process.once('disconnect', () => {
    // The parent is gone: nobody would replace or drain this process any more.
    void (service?.drain(0) ?? Promise.resolve()).then(() => process.exit(0));
  });

  const { settings, plan, isSuccessor } = await started.promise;
  const open = (path: string): ReturnType<typeof openModel> => openModel(path, settings.limits);
  const ask = async (type: 'load' | 'unload', name: string): Promise<void> => {
    const error = await words.ask((id) => tell({ type, id, name }), ANSWER_MS);
    if (error !== null) {
      throw fromWire(error);
    }
  };
  try {
    if (isSuccessor) {
      await checkUnchanged(plan);
    }
    service = createService({
      ...serviceOptions(settings),
      roster: await openFirst(plan, { open, check: checkVersion }),
      worker: process.env.LOADLINE_WORKER ?? '0',
      logger: createLogger(settings.logLevel),
      metricsText: () => texts.ask((id) => tell({ type: 'metrics', id }), ANSWER_MS),
      repository: { load: (name) => ask('load', name), unload: (name) => ask('unload', name) },
    });
    keeper = createKeeper(service, {
      open: (path) => openModelBeside(path, settings.limits),
      check: checkVersion,
    });
    const address = await service.listen();
    tell({ type: 'listening', address });
  } catch (error) {
    tell({ type: 'failed', error: toWire(error) });
    process.disconnect();
    return;
  }
  let told: Snapshot | null = null;
  setInterval(() => {
    const snapshot = service?.snapshot();
    if (snapshot !== undefined && (told === null || !sameCounts(snapshot, told))) {
      told = snapshot;
      tell({ type: 'snapshot', id: null, snapshot });
    }
  }, TELL_EVERY_MS).unref();
}
