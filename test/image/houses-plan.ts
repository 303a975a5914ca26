/** The plan of the example model with the real server on the base that the tests have. */
import { openModel } from '../../src/formats/open.ts';
import { serverBundle } from '../../src/image/bundle.ts';
import { planImage } from '../../src/image/make-plan.ts';
import type { ImagePlan } from '../../src/image/plan.ts';
import { parseReference } from '../../src/image/reference.ts';
import { HOUSES } from '../serve/harness.ts';

/** Name of the base, as `loadBase` and `pushBase` give it. */
export const BASE = 'gcr.io/distroless/nodejs24-debian12:nonroot';

export async function housesPlan(tag: string, createdSec = 0): Promise<ImagePlan> {
  const { files } = await serverBundle({
    env: process.env,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  return planImage({
    reference: parseReference(tag),
    base: parseReference(BASE),
    platforms: [{ os: 'linux', architecture: 'amd64' }],
    path: HOUSES,
    model: await openModel(HOUSES),
    server: files,
    software: '1.2.3',
    revision: '0123456789abcdef0123456789abcdef01234567',
    createdSec,
  });
}
