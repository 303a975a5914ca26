/** What an exported archive says of itself, in its first entry. */
import { z } from 'zod';

export const MANIFEST_NAME = 'loadline-models.json';
export const EXPORT_KIND = 'loadline-models/1';

const texts = z.record(z.string(), z.string());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
/** Milliseconds since 1970 that are a date. */
const time = z.int().nonnegative().max(8.64e15);
/** Far below the largest that a store takes: the next one has to have room. */
const version = z.string().regex(/^[1-9]\d{0,11}$/);

const event = z.object({
  at: time,
  kind: z.enum(['version-added', 'version-deleted', 'alias-moved', 'alias-deleted', 'tag', 'model', 'stage']),
  name: z.string(),
  number: count.max(1e12).nullable(),
  uid: z.string().nullable(),
  alias: z.string().nullable(),
  was: z.string().nullable(),
  now: z.string().nullable(),
  rollback: z.union([z.literal(0), z.literal(1)]),
  by: z.string(),
  why: z.string(),
});

export const manifestSchema = z.object({
  kind: z.literal(EXPORT_KIND),
  exportedAt: time,
  name: z.string(),
  description: z.string(),
  tags: texts,
  aliases: z.record(z.string(), version),
  versions: z
    .array(
      z.object({
        version,
        uid: z.string().regex(/^[0-9a-f]{32}$/),
        createdAt: time,
        updatedAt: time,
        description: z.string(),
        tags: texts,
        metrics: z.record(z.string(), z.number()),
        params: texts,
        source: z.string(),
        runId: z.string().nullable(),
        runLink: z.string(),
        stage: z.string(),
        status: z.string(),
        sha256: sha256.nullable(),
        bytes: count.nullable(),
        files: z.array(z.object({ path: z.string(), sha256, size: count })).min(1),
      }),
    )
    .min(1),
  /** Oldest first. */
  history: z.array(event),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ExportedEvent = z.infer<typeof event>;
