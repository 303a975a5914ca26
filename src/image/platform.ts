/** Platforms of images: this machine's, as they are typed, and which image fits which. */
import { LoadlineError } from '../errors.ts';
import type { Platform } from './plan.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm: 'arm', ia32: '386' };

/** This machine's processor as the platform of an image; images are Linux's. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[process.arch] ?? process.arch };
}

/**
 * Reads `linux/amd64,linux/arm64/v8`.
 *
 * @throws LoadlineError LL1001 for one that has not this form.
 */
export function parsePlatforms(list: string): Platform[] {
  const platforms = list.split(',').map((text): Platform => {
    const match = /^(linux)\/([a-z0-9]+)(?:\/([a-z0-9]+))?$/.exec(text.trim());
    if (match === null) {
      throw new LoadlineError(
        'LL1001',
        `--platform wants platforms such as linux/amd64,linux/arm64, found "${text}"`,
      );
    }
    const [, os = '', architecture = '', variant] = match;
    return variant === undefined ? { os, architecture } : { os, architecture, variant };
  });
  const names = new Set(platforms.map(formatPlatform));
  if (names.size < platforms.length) {
    throw new LoadlineError('LL1001', `--platform names a platform twice: "${list}"`);
  }
  return platforms;
}

/** `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Whether an image of the platform `found` runs where `wanted` is wanted; without a variant any of them does. */
export function fitsPlatform(wanted: Platform, found: Platform | undefined): boolean {
  return (
    found?.os === wanted.os &&
    found.architecture === wanted.architecture &&
    (wanted.variant === undefined || wanted.variant === found.variant)
  );
}
