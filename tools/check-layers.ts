/**
 * Fails when a folder of src/ imports from one below it in the list, or when files import each other in a circle
 * (types included).
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Folders of src/ from the bottom of the house up: each may import from itself and from those before it. */
export const LAYERS = [
  'bytes',
  'tensor',
  'pickle',
  'model',
  'kernels',
  'estimators',
  'boosters',
  'onnx',
  'formats',
  'config',
  'net',
  'versions',
  'monitor',
  'serve',
  'image',
  'deploy',
  'python',
  'load',
  'autoscale',
  'cost',
  'cli',
] as const;

/** The only files that may lie at the root of src/; every layer may import them. */
const ROOT_FILES = new Set([
  'errors.ts',
  'log.ts',
  'clock.ts',
  'errors.test.ts',
  'log.test.ts',
  'clock.test.ts',
]);

const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\()\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** Every fault of a set of files, `path` relative to src/. */
export function checkLayers(files: ReadonlyMap<string, string>): readonly string[] {
  const faults: string[] = [];
  const graph = new Map<string, readonly string[]>();
  for (const [path, text] of files) {
    const targets = [...text.matchAll(IMPORT)].map((match) => normalize(join(dirname(path), match[1]!)));
    graph.set(path, targets);
    const from = rankOf(path);
    if (from === undefined) {
      faults.push(`${path}: not in a folder of the list, nor one of the root's files`);
      continue;
    }
    for (const target of targets) {
      const to = rankOf(target);
      if (to === undefined) {
        faults.push(`${path} imports ${target}, which is outside the layers`);
      } else if (to > from) {
        faults.push(`${path} imports upward: ${target}`);
      }
    }
  }
  return [...faults, ...cycles(graph)];
}

function rankOf(path: string): number | undefined {
  const slash = path.indexOf('/');
  if (slash < 0) {
    return ROOT_FILES.has(path) ? -1 : undefined;
  }
  const rank = (LAYERS as readonly string[]).indexOf(path.slice(0, slash));
  return rank < 0 ? undefined : rank;
}

function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      faults.push(`import cycle: ${[...trail.slice(start), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) {
      return;
    }
    trail.push(path);
    for (const target of graph.get(path) ?? []) {
      visit(target);
    }
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) {
    visit(path);
  }
  return faults;
}

function main(): void {
  const root = new URL('../src/', import.meta.url).pathname;
  const files = new Map(
    globSync('**/*.ts', { cwd: root }).map((path) => [path, readFileSync(`${root}${path}`, 'utf8')]),
  );
  const faults = checkLayers(files);
  for (const fault of faults) {
    console.error(`✗ ${fault}`);
  }
  if (faults.length > 0) {
    process.exitCode = 1;
    return;
  }
  console.error(`✓ layers: ${files.size} files, no upward import, no cycle`);
}

if (import.meta.main) {
  main();
}
