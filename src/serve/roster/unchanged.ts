/** Whether what a plan says of files still holds: they may have been written over since they were checked. */
import { LoadlineError } from '../../errors.ts';
import { fileSource } from '../../versions/file-source.ts';
import type { RosterPlan } from './plan.ts';

const WORK = { signal: new AbortController().signal, onProgress() {} };

/**
 * Throws LL7006 where a champion that is a bare file or folder has another content than the plan says, and LL1006 where it
 * is gone: a process that begins in the place of another one has no version before to check it against.
 */
export async function checkUnchanged(plan: RosterPlan): Promise<void> {
  for (const { name, champion } of plan.models) {
    // Whatever else has another kind of identity, and lies where nobody writes it over.
    if (champion !== null && /^[0-9a-f]{64}$/.test(champion.identity)) {
      const { path, version, identity } = champion;
      const now = await fileSource({ kind: 'file', path }).find(WORK);
      if (now.identity !== identity) {
        throw new LoadlineError(
          'LL7006',
          `Cannot serve ${name}/${version}: ${path} was written over since it was checked`,
          { where: path },
        );
      }
    }
  }
}
