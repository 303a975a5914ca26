/** Words for what the checks find. */
import { bytesText } from '../../bytes/size-text.ts';
import type { Ended, RunLimits } from './target.ts';

/** `0.41 s`, `12.3 s`. */
export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** How a server ended that should not have. */
export function endText({ code, reason, outOfMemory }: Ended, limits: RunLimits): string {
  if (outOfMemory) {
    return `the server was killed: it took more memory than its limit of ${bytesText(limits.memoryBytes)}`;
  }
  return `the server ended with ${reason ?? `exit code ${code}`}`;
}
