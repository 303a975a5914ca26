/** The version of the package. */
import { readFileSync } from 'node:fs';

/** As package.json has it; beside the folder of this file in an image, further up in the source and in the published bundle. */
export function version(): string {
  for (const up of ['../package.json', '../../package.json', '../../../package.json']) {
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
