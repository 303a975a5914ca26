/** A server of one process. */
import { openModelBeside } from '../formats/open.ts';
import { createLogger } from '../log.ts';
import type { Repository } from './protocols/define.ts';
import { checkVersion } from './roster/check.ts';
import { createKeeper } from './roster/keeper.ts';
import type { OpenRoster } from './roster/open.ts';
import type { Running } from './run.ts';
import { type Address, createService } from './server.ts';
import { type ServeSettings, serviceOptions } from './settings.ts';

/** Serves what is open. Throws what listening throws. */
export async function startSingle(
  roster: OpenRoster,
  settings: ServeSettings,
  repository: Repository,
): Promise<{ readonly running: Running; readonly address: Address }> {
  const service = createService({
    ...serviceOptions(settings),
    roster,
    logger: createLogger(settings.logLevel),
    repository,
  });
  const keeper = createKeeper(service, {
    open: (path) => openModelBeside(path, settings.limits),
    check: checkVersion,
  });
  let changing: Promise<unknown> = Promise.resolve();
  const address = await service.listen();
  return {
    address,
    running: {
      plan: () => service.roster().plan,
      apply(next) {
        const change = changing
          .catch(() => null)
          .then(async () => {
            const reports = await keeper.prepare(next);
            keeper.commit();
            return reports;
          });
        changing = change;
        return change;
      },
      note: service.note,
      stop: (periodMs) => service.drain(periodMs),
      kill() {
        void service.close();
      },
    },
  };
}
