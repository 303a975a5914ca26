import type { ModelFormat } from './define.ts';
import { pickleFormat } from './pickle.ts';
import { skopsFormat } from './skops/skops.ts';

/** Formats in the order they are tried: pickle takes whatever no other knows, and says what it is. */
export const FORMATS: readonly ModelFormat[] = [skopsFormat, pickleFormat];
