/** A server of one process. */
import { openModel } from '../formats/open.ts';
import { createLogger } from '../log.ts';
import type { Model } from '../model/model.ts';
import type { Running } from './run.ts';
import { type Address, createService } from './server.ts';
import { type ServeSettings, serviceOptions } from './settings.ts';

/** Serves a model that is already open. Throws what listening throws. */
export async function startSingle(
  model: Model,
  settings: ServeSettings,
  log: (message: string) => void,
): Promise<{ readonly running: Running; readonly address: Address }> {
  const reload = async (): Promise<void> => {
    const next = await openModel(settings.path, settings.limits);
    service.reload(next);
    log(`reloaded the model, sha256 ${next.origin.sha256}`);
  };
  const service = createService({
    ...serviceOptions(settings),
    model,
    logger: createLogger(settings.logLevel),
    repository: {
      load: reload,
      async unload() {
        service.unload();
      },
    },
  });
  const address = await service.listen();
  return {
    address,
    running: {
      reload,
      stop: (periodMs) => service.drain(periodMs),
      kill() {
        void service.close();
      },
    },
  };
}
