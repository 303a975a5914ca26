/** The package as it is published (bin and bundle, no source), because that is what an image carries. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
let built: string | null = null;

/** Builds the package once and gives the path of its command. */
export function packageCommand(): string {
  if (built === null) {
    execFileSync(process.execPath, [`${root}tools/build.ts`], { stdio: 'inherit' });
    const folder = mkdtempSync(join(tmpdir(), 'loadline-package-'));
    for (const part of ['bin', 'dist', 'package.json']) {
      cpSync(`${root}${part}`, join(folder, part), { recursive: true });
    }
    built = join(folder, 'bin', 'loadline.js');
  }
  return built;
}
