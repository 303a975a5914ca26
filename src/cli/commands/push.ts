import { bytesText } from '../../bytes/size-text.ts';
import { EXIT, LoadlineError } from '../../errors.ts';
import type { LocalImage } from '../../image/local.ts';
import type { Reference } from '../../image/reference.ts';
import { defineCommand, type Options } from '../define.ts';
import { ENGINE_OPTION, INSECURE_OPTION } from '../image-options.ts';
import type { Images } from '../images.ts';
import { print, say, type Terminal } from '../output/terminal.ts';

export const push = defineCommand({
  name: 'push',
  args: [{ spec: '<image>', help: 'an image that `loadline build` made' }],
  group: 'Ship',
  summary: 'push an image that passed its test to its registry',
  examples: ['loadline push ghcr.io/team/ml-model:v1', 'loadline push localhost:5001/ml-model:v1 --json'],
  options: [
    ENGINE_OPTION,
    { flags: '--untested', help: 'push an image that has not passed `loadline test`' },
    INSECURE_OPTION,
    { flags: '--json', help: 'one JSON object on stdout' },
  ],
  async run([name = ''], options, terminal) {
    const { parseReference } = await import('../../image/reference.ts');
    const reference = parseReference(name);
    if (reference.digest !== null) {
      throw new LoadlineError('LL6001', `push wants a name and a tag, without a digest; found "${name}"`);
    }
    const { withImages } = await import('../images.ts');
    return withImages(options, terminal, async (images) => {
      const { findLocal } = await import('../../image/local.ts');
      const store = await images.store();
      const image = await findLocal(reference, { ...images, store });
      if (options.untested !== true) {
        const { requirePass } = await import('../../image/ship.ts');
        await requirePass(reference, image, images.env);
      }
      return pushFound(reference, image, options, terminal, images);
    });
  },
});

/** Pushes an image and says what travelled; gives the exit code. */
export async function pushFound(
  reference: Reference,
  image: LocalImage,
  options: Options,
  terminal: Terminal,
  images: Images,
): Promise<number> {
  const { familiarName } = await import('../../image/reference.ts');
  const { ship } = await import('../../image/ship.ts');
  const startedAt = performance.now();
  const shipped = await ship(reference, image, images);
  images.endProgress();
  const name = familiarName(reference);
  const tested = options.untested !== true;
  if (options.json === true) {
    print(
      terminal,
      JSON.stringify({ apiVersion: 'loadline/v1', kind: 'Push', image: name, tested, ...shipped }, null, 2),
    );
    return EXIT.ok;
  }
  const { symbol, color } = terminal;
  const dot = ` ${symbol.dot} `;
  const { digest, sentBytes, blobs, sbom } = shipped;
  const facts = [
    sentBytes === null ? null : `${bytesText(sentBytes)} sent`,
    blobs === null
      ? null
      : `${blobs.sent} layers new, ${blobs.mounted} mounted, ${blobs.exists} there already`,
    sbom ? 'bill of materials attached' : null,
    `${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  ].filter((fact) => fact !== null);
  if (!tested) {
    say(terminal, `  ${color.yellow(symbol.warn)} pushed without a test, as --untested asked`);
  }
  say(terminal, `  ${color.green(symbol.ok)} pushed ${color.bold(name)}   ${facts.join(dot)}`);
  say(terminal, `  ${color.green(symbol.ok)} ${digest}`);
  return EXIT.ok;
}
