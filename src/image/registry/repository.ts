/** One repository of a registry that speaks the OCI distribution specification 1.1. */
import type { Readable } from 'node:stream';
import type { Blobs } from '../oci/blobs.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Digest } from '../reference.ts';

export interface RawManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** How a blob came to be in a repository. */
export type BlobOutcome = 'exists' | 'mounted' | 'sent';

/** What the builder and `push` need of a repository. */
export interface Repository {
  /** The manifest or index of a tag or digest, its digest checked. Null when the registry says there is none. */
  manifest(tagOrDigest: string): Promise<RawManifest | null>;
  /** Puts a blob into `blobs` unless it is there, its digest and size checked. */
  pull(descriptor: Descriptor, blobs: Blobs): Promise<void>;
  /** Brings a blob in: not at all when it is there, mounted from one of `mountFrom` (repositories here), or sent. */
  push(descriptor: Descriptor, open: () => Readable, mountFrom?: readonly string[]): Promise<BlobOutcome>;
  pushManifest(
    tagOrDigest: string,
    manifest: { readonly bytes: Buffer; readonly mediaType: string },
  ): Promise<void>;
  /** Lists a pushed manifest as a referrer of its subject, where the registry does not do so itself (the tag scheme). */
  addReferrer(subject: Descriptor, referrer: Descriptor): Promise<void>;
}
