/** A server of one process. */
import { openModel, openModelBeside } from '../formats/open.ts';
import { createLogger } from '../log.ts';
import type { Repository } from './protocols/define.ts';
import { checkVersion } from './roster/check.ts';
import { createKeeper } from './roster/keeper.ts';
import { openRoster } from './roster/open.ts';
import type { RosterPlan } from './roster/plan.ts';
import type { Running } from './run.ts';
import { type Address, createService } from './server.ts';
import { type ServeSettings, serviceOptions } from './settings.ts';

/** Opens a plan and serves it. Throws what opening and listening throw. */
export async function startSingle(
  plan: RosterPlan,
  settings: ServeSettings,
  repository: Repository,
): Promise<{ readonly running: Running; readonly address: Address }> {
  const open = (path: string): ReturnType<typeof openModel> => openModel(path, settings.limits);
  const service = createService({
    ...serviceOptions(settings),
    roster: await openRoster(plan, open),
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
