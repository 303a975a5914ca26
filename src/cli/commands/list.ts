/** The commands in the order help shows them. */
import type { Command } from '../define.ts';
import { build } from './build.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { inspect } from './inspect.ts';
import { models } from './models/models.ts';
import { predict } from './predict.ts';
import { push } from './push.ts';
import { schema } from './schema.ts';
import { serve } from './serve.ts';
import { test } from './test.ts';

export const COMMANDS: readonly Command[] = [
  inspect,
  predict,
  serve,
  build,
  test,
  push,
  models,
  doctor,
  explain,
  schema,
];
