/** The docker command lines of this machine, and the builders each has: what people have differs, so all are tried. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface DockerCli {
  /** `28.2.2, classic builder`. */
  readonly name: string;
  /** PATH on which it is the one, and what chooses the builder. */
  readonly env: { readonly PATH: string; readonly DOCKER_BUILDKIT: '0' | '1' };
}

/** Every docker in PATH with every builder it can use; `folder` gets a folder for each. */
export function dockerClis(folder: string): readonly DockerCli[] {
  const path = process.env.PATH ?? '';
  const found = new Set(path.split(delimiter).flatMap((entry) => realProgram(join(entry, 'docker'))));
  return [...found].flatMap((program, i) => {
    const bin = join(folder, `docker-${i}`);
    mkdirSync(bin, { recursive: true });
    symlinkSync(program, join(bin, 'docker'));
    const version = /version ([\d.]+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1];
    const PATH = `${bin}${delimiter}${path}`;
    const classic = { name: `${version}, classic builder`, env: { PATH, DOCKER_BUILDKIT: '0' } as const };
    const buildKit = { name: `${version}, BuildKit`, env: { PATH, DOCKER_BUILDKIT: '1' } as const };
    return hasBuildKit(program, version ?? '') ? [classic, buildKit] : [classic];
  });
}

function realProgram(path: string): string[] {
  try {
    accessSync(path, constants.X_OK);
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** Up to 20.10 it is part of the command line, later in a plugin. */
function hasBuildKit(program: string, version: string): boolean {
  if (Number(version.split('.')[0]) <= 20) {
    return true;
  }
  try {
    execFileSync(program, ['buildx', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
