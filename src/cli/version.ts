/** The version of the package. */
import { readFileSync } from 'node:fs';

/** As package.json has it; two folders up from here in the source and one level deeper in the bundle. */
export function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    const url = new URL(up, import.meta.url);
    try {
      const { name, version: found } = JSON.parse(readFileSync(url, 'utf8')) as {
        name: string;
        version: string;
      };
      if (name === 'loadline') {
        return found;
      }
    } catch {
      // Not there: the next place.
    }
  }
  return 'unknown';
}
