/** Files that are no pickle but often given for one: each is named, with what to do. */
import { LoadlineError } from '../errors.ts';

interface ForeignRow {
  /** What the file is, as `the file is …`. */
  readonly what: string;
  readonly fix?: string;
  /** How to tell: the first bytes, or a test of the first 64 bytes as latin-1 and of all of them. */
  readonly matches: string | RegExp | ((head: string, bytes: Uint8Array) => boolean);
}

const COPY_AGAIN =
  'Copy the original again in binary mode and compare its sha256; nothing can bring back what was lost.';

/** In order: a row may rely on those before it. No row may match what begins a pickle. */
const ROWS: readonly ForeignRow[] = [
  {
    what: 'empty',
    fix: 'Save the model again; a training run that failed while writing leaves such a file.',
    matches: (_, bytes) => bytes.length === 0,
  },
  {
    what: 'a git-lfs pointer, not the model itself',
    fix: 'Run `git lfs pull` in the repository that it comes from.',
    matches: /^version https:\/\/git-lfs/,
  },
  {
    what: 'a web page, not the model itself',
    fix: 'Download the raw file: the page of a file on a hosting site is not the file.',
    matches: /^\s*<(?:!doctype|html|head|body)/i,
  },
  { what: 'an XML file', matches: /^\s*<\?xml/ },
  {
    what: 'a pickle that was read as text and saved as UTF-8, which destroyed it',
    fix: COPY_AGAIN,
    matches: /^(?:\xef\xbb\xbf)?(?:\xef\xbf\xbd|\xc2\x80)/,
  },
  {
    what: 'a skops file (zip)',
    fix: 'Decompress it and give the .skops file itself.',
    matches: (head, bytes) => isZip(head) && zipNames(bytes).includes('schema.json'),
  },
  {
    what: 'a PyTorch file (zip)',
    matches: (head, bytes) => isZip(head) && zipNames(bytes).includes('data.pkl'),
  },
  {
    what: 'a numpy .npz file (zip)',
    fix: 'An .npz file holds arrays, not a model. Save the fitted estimator itself with joblib.dump(model, path).',
    matches: (head, bytes) => isZip(head) && zipNames(bytes).includes('.npy'),
  },
  { what: 'a zip file', fix: 'Unpack it and give the model file inside.', matches: isZip },
  {
    what: 'a numpy .npy array',
    fix: 'An .npy file holds one array, not a model. Save the fitted estimator itself with joblib.dump(model, path).',
    matches: '\x93NUMPY',
  },
  { what: 'an HDF5 file, as Keras and pandas write', matches: '\x89HDF\r\n\x1a\n' },
  { what: 'a CatBoost model', matches: 'CBM1' },
  { what: 'a LightGBM text model', matches: /^tree\r?\n/ },
  { what: 'an XGBoost model (UBJSON)', matches: '{L' },
  { what: 'an XGBoost model (binary)', matches: 'binf' },
  { what: 'a JSON file', matches: /^\s*\{\s*["}]/ },
  { what: 'a Parquet file', matches: 'PAR1' },
  {
    what: 'an ONNX model',
    matches: (_, bytes) => bytes[0] === 8 && bytes[1]! < 0x20 && (bytes[2] === 0x12 || bytes[2] === 0x1a),
  },
  { what: 'a SQLite database', matches: 'SQLite format 3' },
  {
    what: 'a tar archive',
    fix: 'Unpack it and give the model file inside.',
    matches: (_, bytes) => latin1(bytes, 257, 262) === 'ustar',
  },
  { what: 'a 7z archive', fix: 'Unpack it and give the model file inside.', matches: '7z\xbc\xaf\x27\x1c' },
  { what: 'a RAR archive', fix: 'Unpack it and give the model file inside.', matches: 'Rar!\x1a' },
  { what: 'compressed with zstd', fix: 'Decompress it first: `zstd -d FILE`.', matches: '\x28\xb5\x2f\xfd' },
  { what: 'a program (ELF)', matches: '\x7fELF' },
];

/** Throws LL3001 where the bytes are something that is no pickle. `unpacked`: whether they came out of a compressed file. */
export function refuseForeign(bytes: Uint8Array, unpacked: boolean): void {
  const head = latin1(bytes, 0, 64);
  const row = ROWS.find(({ matches }) => {
    if (typeof matches === 'string') {
      return head.startsWith(matches);
    }
    return matches instanceof RegExp ? matches.test(head) : matches(head, bytes);
  });
  if (row !== undefined) {
    const inside = unpacked ? ' inside its compression' : '';
    throw new LoadlineError(
      'LL3001',
      `Cannot read the file: it is ${row.what}${inside}, expected a pickle`,
      row.fix === undefined ? {} : { fix: row.fix },
    );
  }
}

function isZip(head: string): boolean {
  return head.startsWith('PK\x03\x04');
}

/** The part of a zip file where names of its entries stand. */
function zipNames(bytes: Uint8Array): string {
  return latin1(bytes, 0, 4096) + latin1(bytes, Math.max(0, bytes.length - 65_536), bytes.length);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}
