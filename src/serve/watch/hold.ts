/** Tells the embedded store which of its versions a running server uses. */
import type { Holds } from '../../versions/store/types.ts';
import { versionsOf } from '../roster/plan.ts';
import type { Followed, Hold } from './follow.ts';

/** Three times as long as the follower leaves between two words; a server that was killed holds its versions for no longer. */
const TTL_MS = 180_000;

/** The `hold` of a follower for models that come from the store; null where none does. `holder` is what people see. */
export function storeHold(holds: Holds, holder: string, references: readonly Followed[]): Hold | null {
  const names = new Map(
    references.flatMap(({ name, source: { reference } }) =>
      reference.kind === 'store' ? [[name, reference.name] as const] : [],
    ),
  );
  if (names.size === 0) {
    return null;
  }
  return {
    keep(plan) {
      const versions = plan.models.flatMap((model) => {
        const name = names.get(model.name);
        return name === undefined ? [] : versionsOf(model).map(({ version }) => ({ name, version }));
      });
      holds.hold(holder, versions, TTL_MS);
    },
    release() {
      holds.release(holder);
    },
  };
}
