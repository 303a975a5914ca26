/** A worker process: one server that shares its listening socket with its siblings and does what the parent says. */
import { openModel } from '../../formats/open.ts';
import { createLogger } from '../../log.ts';
import type { Model } from '../../model/model.ts';
import { createService, type Service } from '../server.ts';
import { type ServeSettings, serviceOptions } from '../settings.ts';
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
  const started = Promise.withResolvers<ServeSettings>();
  let service: Service | null = null;
  let prepared: Model | null = null;
  let open: () => Promise<Model> = () => Promise.reject(new Error('no settings yet'));

  const handle = async (message: ToWorker): Promise<void> => {
    switch (message.type) {
      case 'start':
        started.resolve(message.settings);
        break;
      case 'snapshot':
        if (service !== null) {
          tell({ type: 'snapshot', id: message.id, snapshot: service.snapshot() });
        }
        break;
      case 'prepare':
        try {
          prepared = await open();
          tell({ type: 'done', id: message.id, error: null, sha256: prepared.origin.sha256 });
        } catch (error) {
          tell({ type: 'done', id: message.id, error: toWire(error) });
        }
        break;
      case 'commit':
        if (prepared !== null) {
          service?.reload(prepared);
          prepared = null;
        }
        tell({ type: 'done', id: message.id, error: null });
        break;
      case 'discard':
        prepared = null;
        tell({ type: 'done', id: message.id, error: null });
        break;
      case 'unload':
        service?.unload();
        tell({ type: 'done', id: message.id, error: null });
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

  const settings = await started.promise;
  open = () => openModel(settings.path, settings.limits);
  const ask = async (type: 'load' | 'unload'): Promise<void> => {
    const error = await words.ask((id) => tell({ type, id }), ANSWER_MS);
    if (error !== null) {
      throw fromWire(error);
    }
  };
  try {
    service = createService({
      ...serviceOptions(settings),
      model: await open(),
      worker: process.env.LOADLINE_WORKER ?? '0',
      logger: createLogger(settings.logLevel),
      metricsText: () => texts.ask((id) => tell({ type: 'metrics', id }), ANSWER_MS),
      repository: { load: () => ask('load'), unload: () => ask('unload') },
    });
    const address = await service.listen();
    tell({ type: 'listening', address });
  } catch (error) {
    tell({ type: 'failed', error: toWire(error) });
    process.disconnect();
    return;
  }
  let told: Float64Array | null = null;
  setInterval(() => {
    const snapshot = service?.snapshot();
    if (
      snapshot !== undefined &&
      (told === null || snapshot.values.some((value, i) => value !== told?.[i]))
    ) {
      told = snapshot.values;
      tell({ type: 'snapshot', id: null, snapshot });
    }
  }, TELL_EVERY_MS).unref();
}
