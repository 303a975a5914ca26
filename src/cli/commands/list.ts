/** The commands in the order help shows them. */
import type { Command } from '../define.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { inspect } from './inspect.ts';
import { predict } from './predict.ts';
import { serve } from './serve.ts';

export const COMMANDS: readonly Command[] = [inspect, predict, serve, doctor, explain];
