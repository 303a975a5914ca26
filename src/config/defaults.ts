/** What commands know of loadline.yaml without reading one: they start without its schema. */

/** The file that is read where none is named. */
export const CONFIG_FILE = 'loadline.yaml';

/** How often a reference is looked up where nothing else is said: one request of a few milliseconds. */
export const WATCH_INTERVAL = '5s';

/** More often would be a load on the registry for nothing. */
export const MIN_WATCH_MS = 100;

/** Header whose value decides who meets a canary. */
export const CANARY_KEY = 'x-loadline-key';

/** A token of RFC 9110: no request has a header of another name. */
export const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** Whether a path looks like a loadline.yaml, as against a model. */
export function isConfigPath(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}
