/** The checks of an image or a server. */
import type { Check } from '../define.ts';
import { answers } from './answers.ts';
import { confined } from './confined.ts';
import { drain } from './drain.ts';
import { healthcheck } from './healthcheck.ts';
import { limits } from './limits.ts';
import { metrics } from './metrics.ts';
import { probes } from './probes.ts';
import { ready } from './ready.ts';
import { refusals } from './refusals.ts';
import { size } from './size.ts';

/**
 * In the order they run: `ready` first, since the others ask a server that is ready; `answers` warms it up; `drain` last
 * of those that ask, since it ends the server.
 */
export const CHECKS: readonly Check[] = [
  ready,
  answers,
  refusals,
  probes,
  healthcheck,
  metrics,
  limits,
  confined,
  drain,
  size,
];
