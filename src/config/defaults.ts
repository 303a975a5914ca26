/** What commands know of loadline.yaml without reading one: they start without its schema. */

/** The file that is read where none is named. */
export const CONFIG_FILE = 'loadline.yaml';

/** How often a reference is looked up where nothing else is said: one request of a few milliseconds. */
export const WATCH_INTERVAL = '5s';

/** Header whose value decides who meets a canary. */
export const CANARY_KEY = 'x-loadline-key';

/** Whether a path looks like a loadline.yaml, as against a model. */
export function isConfigPath(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}
