/** Sizes of images. */
import type { Manifest } from './oci/types.ts';

/** Compressed bytes of an image in a registry: its configuration and layers. */
export function sizeOfImage(manifest: Manifest): number {
  return manifest.layers.reduce((sum, { size }) => sum + size, manifest.config.size);
}
