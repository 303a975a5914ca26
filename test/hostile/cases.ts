/** The cases of a run: case `i` is the same file every time. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CORPUS, loadCases, modelPath } from '../corpus/cases.ts';
import { BOMBS } from './bombs.ts';
import { BYPASSES } from './bypasses.ts';
import { mutated, noise, opcodes } from './mutate.ts';
import { mutatedSkops } from './mutate-skops.ts';
import { seeded } from './random.ts';

export const KINDS = [
  'bypass',
  'bomb',
  'pickle cut off',
  'joblib file cut off',
  'skops file cut off',
  'noise',
  'random opcodes',
  'changed model',
  'changed compressed file',
  'changed skops file',
] as const;
export type Kind = (typeof KINDS)[number];

export interface HostileCase {
  readonly kind: Kind;
  readonly file: Buffer;
  /** Rows to ask, should it become a model. */
  readonly rows: readonly unknown[];
}

/** A model that scikit-learn saved, and rows for it. */
interface Honest {
  readonly path: string;
  readonly rows: readonly unknown[];
}

/** Largest honest file that is changed: beyond it most time goes into copying. */
const MAX_HONEST_BYTES = 60_000;
export interface CaseSource {
  /** Cases that are always there, whatever the count. */
  readonly fixed: number;
  /** Where a payload would leave its mark. */
  make(index: number, marker: string): HostileCase;
}

/** Prepares the cases. Reads the corpus. */
export function caseSource(seed: number): CaseSource {
  const models = loadModels();
  const honest = models.filter(({ path }) => /\.(?:pkl|joblib)$/.test(path));
  const compressed = [
    ...loadCompressed(),
    ...models.filter((model) => !honest.includes(model)).map(({ path }) => readModel(path)),
  ];
  // Small enough to be cut at every byte.
  const pickle = smallest(honest, '.pkl', 'numpy');
  const joblib = smallest(honest, '.joblib', 'NumpyArrayWrapper');
  const starts = [0, BYPASSES.length];
  starts.push(starts[1]! + BOMBS.length);
  starts.push(starts[2]! + pickle.length);
  starts.push(starts[3]! + joblib.length);
  const skops = loadSkops();
  const archive = skops.reduce(
    (least, { file }) => (file.length < least.length ? file : least),
    skops[0]!.file,
  );
  const fixed = starts[4]! + archive.length;

  function random(index: number): HostileCase {
    const source = seeded(seed * 1_000_003 + index);
    const model = source.pick(honest);
    const lot = source.below(24);
    if (lot >= 20) {
      const { file, rows } = source.pick(skops);
      return { kind: 'changed skops file', file: mutatedSkops(source, file, source.pick(skops).file), rows };
    }
    if (lot < 1) {
      return { kind: 'noise', file: noise(source), rows: model.rows };
    }
    if (lot < 6) {
      return { kind: 'random opcodes', file: opcodes(source), rows: model.rows };
    }
    if (lot < 19) {
      const other = readModel(source.pick(honest).path);
      return { kind: 'changed model', file: mutated(source, readModel(model.path), other), rows: model.rows };
    }
    const whole = source.below(2) === 0 ? source.pick(compressed) : gzipSync(readModel(model.path));
    return {
      kind: 'changed compressed file',
      file: mutated(source, whole, source.pick(compressed)),
      rows: model.rows,
    };
  }

  return {
    fixed,
    make(index, marker) {
      if (index < starts[1]!) {
        return { kind: 'bypass', file: BYPASSES[index]!.stream(marker), rows: [] };
      }
      if (index < starts[2]!) {
        return { kind: 'bomb', file: BOMBS[index - starts[1]!]!.file(), rows: [] };
      }
      if (index < starts[3]!) {
        return { kind: 'pickle cut off', file: pickle.subarray(0, index - starts[2]!), rows: [] };
      }
      if (index < starts[4]!) {
        return { kind: 'joblib file cut off', file: joblib.subarray(0, index - starts[3]!), rows: [] };
      }
      if (index < fixed) {
        return { kind: 'skops file cut off', file: archive.subarray(0, index - starts[4]!), rows: [] };
      }
      return random(index);
    },
  };
}

function loadModels(): readonly Honest[] {
  return loadCases(CORPUS)
    .flatMap((entry) =>
      entry.versions.map(
        (minor): Honest => ({ path: modelPath(entry, minor), rows: entry.input.slice(0, 3) }),
      ),
    )
    .filter(({ path }) => statSync(path).size <= MAX_HONEST_BYTES);
}

/** Models of the corpus as skops wrote them. */
function loadSkops(): readonly { readonly file: Buffer; readonly rows: readonly unknown[] }[] {
  const folder = fileURLToPath(new URL('../formats/fixtures/', import.meta.url));
  const rows = new Map(loadCases(CORPUS).map((entry) => [entry.case, entry.input.slice(0, 3)]));
  return globSync('*/*.skops', { cwd: folder })
    .sort()
    .map((path) => ({
      file: readFileSync(`${folder}${path}`),
      rows: rows.get(basename(path, '.skops').replace('--', '/')) ?? [],
    }));
}

/** The smallest model that has arrays: `part` is in its bytes. */
function smallest(models: readonly Honest[], ending: string, part: string): Buffer {
  const found = models
    .filter(({ path }) => path.endsWith(ending))
    .map(({ path }) => readModel(path))
    .filter((file) => file.includes(part));
  return found.reduce((least, file) => (file.length < least.length ? file : least));
}

const files = new Map<string, Buffer>();

function readModel(path: string): Buffer {
  const known = files.get(path) ?? readFileSync(path);
  files.set(path, known);
  return known;
}

/** One content in every compression, as Python wrote it. */
function loadCompressed(): readonly Buffer[] {
  const url = new URL('../../src/bytes/fixtures/compressed.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(url, 'utf8')) as { cases: { file: string }[] };
  return cases.map(({ file }) => Buffer.from(file, 'base64'));
}
