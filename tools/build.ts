/** Bundles the command line for publishing: dist/cli.js with lazily loaded chunks, and no TypeScript at run time. */
import { rmSync } from 'node:fs';
import { build } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  cwd: root,
  input: { 'cli/main': 'src/cli/main.ts' },
  platform: 'node',
  logLevel: 'warn',
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', minify: false },
});
