/**
 * Bundles for publishing: dist/cli (the command line) and dist/image (the server that images carry), each with lazily
 * loaded chunks and no TypeScript at run time. `node tools/build.ts --server FOLDER` makes the server alone, for images
 * that are built from a checkout.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

async function bundleCli(): Promise<void> {
  rmSync(`${root}dist`, { recursive: true, force: true });
  await build({
    cwd: root,
    input: { 'cli/main': 'src/cli/main.ts' },
    platform: 'node',
    logLevel: 'warn',
    output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', minify: false },
  });
}

/** The server, what it is made of (packages.json) and the licences of that (LICENSES.txt). */
async function bundleServer(folder: string): Promise<void> {
  const made = await build({
    cwd: root,
    input: { 'cli/container': 'src/cli/container.ts' },
    platform: 'node',
    logLevel: 'warn',
    output: { dir: folder, format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', minify: false },
  });
  const packages = new Map<string, Package & { readonly text: string }>();
  for (const chunk of made.output) {
    for (const id of chunk.type === 'chunk' ? chunk.moduleIds : []) {
      const found = packageOf(id);
      if (found !== null) {
        packages.set(found.name, found);
      }
    }
  }
  const sorted = [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Package;
  const licences = [
    `Loadline ${own.version}\n\n${readFileSync(`${root}LICENSE`, 'utf8')}`,
    ...sorted.map(({ name, version, text }) => `${name} ${version}\n\n${text}`),
  ];
  for (const file of ['server.js', 'health.js']) {
    copyFileSync(`${root}src/image/server/${file}`, join(folder, file));
  }
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: own.name, version: own.version, license: own.license, type: 'module' })}\n`,
  );
  writeFileSync(join(folder, 'LICENSES.txt'), `${licences.join(`\n${'-'.repeat(80)}\n\n`)}\n`);
  writeFileSync(
    join(folder, 'packages.json'),
    `${JSON.stringify(sorted.map(({ name, version, license }) => ({ name, version, license })))}\n`,
  );
}

/** The npm package that a bundled file belongs to, with the text of its licence. */
function packageOf(id: string): (Package & { text: string }) | null {
  if (!id.includes('/node_modules/')) {
    return null;
  }
  for (let folder = dirname(id); folder.includes('/node_modules/'); folder = dirname(folder)) {
    if (!existsSync(join(folder, 'package.json'))) {
      continue;
    }
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Partial<Package>;
    if (name === undefined || version === undefined) {
      continue;
    }
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license'].find((known) =>
      existsSync(join(folder, known)),
    );
    if (file === undefined || typeof license !== 'string') {
      throw new Error(`${name} has no licence file to carry along`);
    }
    return { name, version, license, text: readFileSync(join(folder, file), 'utf8') };
  }
  return null;
}

const { values } = parseArgs({ options: { server: { type: 'string' } } });
if (values.server === undefined) {
  await bundleCli();
  await bundleServer(`${root}dist/image`);
} else {
  mkdirSync(values.server, { recursive: true });
  await bundleServer(values.server);
}
