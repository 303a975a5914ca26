/** What is to be served, from the command line or from a loadline.yaml. */
import type { ModelRequest } from '../../serve/watch/plan.ts';
import type { Options } from '../define.ts';
import { readRequest, servedReference } from './requests.ts';

export interface Asked {
  readonly requests: readonly ModelRequest[];
  /** The flags, with what the file says where they say nothing. */
  readonly options: Options;
}

/** Throws LL1001 and LL1010. */
export async function readServing(given: string, flags: Options): Promise<Asked> {
  return { requests: [readRequest(servedReference(given), flags)], options: flags };
}
