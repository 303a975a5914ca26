import { bytesText } from '../../../bytes/size-text.ts';
import { defineCheck } from '../define.ts';
import type { ImageSize } from '../target.ts';

export const size = defineCheck({
  name: 'size',
  title: 'how large it is',
  needs: ['size'],
  async run({ target, maxSizeBytes }) {
    const found = await target.size();
    const whole = found.compressed ?? found.uncompressed;
    const detail = sizeText(found);
    const values = Object.fromEntries(
      Object.entries(found).flatMap(([name, bytes]) => (bytes === null ? [] : [[`${name}Bytes`, bytes]])),
    );
    if (whole === null) {
      return { ok: null, detail: 'nothing tells it' };
    }
    return maxSizeBytes !== null && whole > maxSizeBytes
      ? { ok: false, detail: `${detail}; expected at most ${bytesText(maxSizeBytes)}`, values }
      : { ok: true, detail, values };
  },
});

function sizeText({ compressed, uncompressed, ownCompressed, ownUncompressed }: ImageSize): string {
  const part = (packed: number | null, unpacked: number | null): string =>
    [
      packed === null ? null : `${bytesText(packed)} compressed`,
      unpacked === null ? null : `${bytesText(unpacked)} unpacked`,
    ]
      .filter((text) => text !== null)
      .join(', ');
  const own = part(ownCompressed, ownUncompressed);
  return `${part(compressed, uncompressed)}${own === '' ? '' : `; of that server and model ${own}`}`;
}
