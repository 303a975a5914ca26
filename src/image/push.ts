/** Sends an image to a registry, in an order that leaves nothing tagged when it fails. */
import { each } from '../net/each.ts';
import type { Blobs } from './oci/blobs.ts';
import type { Descriptor, Index, Manifest } from './oci/types.ts';
import type { Digest, Reference } from './reference.ts';
import type { BlobOutcome, Repository } from './registry/repository.ts';

export interface PushOptions {
  /** Repositories of the same registry that may have the blobs already: the base's. */
  readonly mountFrom?: readonly string[];
  /** Manifests whose subject is the image, such as its SBOM. */
  readonly referrers?: readonly Descriptor[];
}

export interface Pushed {
  /** What the tag names now. */
  readonly digest: Digest;
  /** Blobs and manifests that travelled; what was sent again after a failure counts once. */
  readonly sentBytes: number;
  readonly blobs: Readonly<Record<BlobOutcome, number>>;
}

/** Blobs sent at a time. */
const PUSHES = 3;

interface Node {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  /** Configuration and layers; none of an index. */
  readonly blobs: readonly Descriptor[];
  readonly children: readonly Node[];
}

/**
 * Pushes an image or an index of images with all it refers to: blobs first, each once, then the manifests from the leaves
 * up by digest, then the referrers, and the tag last of all.
 *
 * @throws LoadlineError LL6016 when `blobs` lacks a manifest; what the repository throws.
 */
export async function pushImage(
  blobs: Blobs,
  root: Descriptor,
  reference: Reference,
  repository: Repository,
  options: PushOptions = {},
): Promise<Pushed> {
  const { mountFrom = [], referrers = [] } = options;
  const image = await readNode(blobs, root);
  const attached: Node[] = [];
  for (const referrer of referrers) {
    attached.push(await readNode(blobs, referrer));
  }

  const needed = new Map<Digest, Descriptor>();
  collectBlobs([image, ...attached], needed);
  const outcomes = { exists: 0, mounted: 0, sent: 0 };
  let sentBytes = 0;
  await each([...needed.values()], PUSHES, async (blob) => {
    const outcome = await repository.push(blob, () => blobs.stream(blob.digest), mountFrom);
    outcomes[outcome] += 1;
    sentBytes += outcome === 'sent' ? blob.size : 0;
  });

  const put = async ({ bytes, descriptor }: Node, tagOrDigest: string): Promise<void> => {
    await repository.pushManifest(tagOrDigest, { bytes, mediaType: descriptor.mediaType });
    sentBytes += bytes.length;
  };
  const putChildren = async (node: Node): Promise<void> => {
    for (const child of node.children) {
      await putChildren(child);
      await put(child, child.descriptor.digest);
    }
  };
  await putChildren(image);
  if (attached.length > 0) {
    // Referrers need their subject in place, and the tag comes after them.
    await put(image, root.digest);
  }
  for (const node of attached) {
    await put(node, node.descriptor.digest);
    await repository.addReferrer(root, node.descriptor);
  }
  if (reference.tag !== null || attached.length === 0) {
    await put(image, reference.tag ?? root.digest);
  }
  return { digest: root.digest, sentBytes, blobs: outcomes };
}

async function readNode(blobs: Blobs, descriptor: Descriptor): Promise<Node> {
  const bytes = await blobs.read(descriptor.digest);
  const value = JSON.parse(bytes.toString('utf8')) as Manifest | Index;
  if ('manifests' in value) {
    const children: Node[] = [];
    for (const child of value.manifests) {
      children.push(await readNode(blobs, child));
    }
    return { descriptor, bytes, blobs: [], children };
  }
  return { descriptor, bytes, blobs: [value.config, ...value.layers], children: [] };
}

function collectBlobs(nodes: readonly Node[], into: Map<Digest, Descriptor>): void {
  for (const node of nodes) {
    for (const blob of node.blobs) {
      into.set(blob.digest, blob);
    }
    collectBlobs(node.children, into);
  }
}
