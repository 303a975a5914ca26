/** Names that a store takes: MLflow's own rules (mlflow 3.17 utils/validation.py), so that both take the same. */
import { LoadlineError } from '../../errors.ts';

const LONGEST_ALIAS = 255;
/** Characters: what MLflow's database holds of a name; every answer of a server has it in a header. */
const LONGEST_NAME = 256;
/** Bytes: what every file system takes as one name. */
const LONGEST_PART = 255;
/** Bytes: leaves room for the store's own folder within the 4096 of Linux. */
const LONGEST_PATH = 2048;
/** Rounds of percent-decoding that are looked through; MLflow itself decodes until nothing changes. */
const DECODINGS = 10;

/** Throws LL7010. */
export function checkModelName(name: string): void {
  if (name.trim() === '') {
    throw new LoadlineError('LL7010', 'Cannot name a model "": expected at least one letter');
  }
  if (name.length > LONGEST_NAME) {
    throw new LoadlineError(
      'LL7010',
      `Cannot name a model "${name.slice(0, 40)}…": expected at most ${LONGEST_NAME} characters, found ${name.length}`,
    );
  }
  if (/[/:\p{Cc}\p{Cs}]/u.test(name)) {
    throw new LoadlineError(
      'LL7010',
      `Cannot name a model ${JSON.stringify(name)}: expected no "/", ":" or control character`,
    );
  }
}

/** Throws LL7010. */
export function checkAlias(alias: string): void {
  const wrong = (expected: string) =>
    new LoadlineError('LL7010', `Cannot use the alias ${JSON.stringify(alias)}: ${expected}`);
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias)) {
    throw wrong('expected letters, digits, _ and -');
  }
  if (alias.length > LONGEST_ALIAS) {
    throw wrong(`expected at most ${LONGEST_ALIAS} characters, found ${alias.length}`);
  }
  if (alias.toLowerCase() === 'latest') {
    throw wrong('"latest" always means the newest version');
  }
  if (/^v\d+$/i.test(alias)) {
    throw wrong('it would be taken for a version');
  }
}

/** Throws LL7007 for a path that would lead out of its folder, however it is written, or that no disk could hold. */
export function checkArtifactPath(path: string): void {
  let text = path;
  for (let i = 0; i < DECODINGS; i++) {
    const fault = faultOf(text);
    if (fault !== null) {
      throw new LoadlineError('LL7007', `Refused the artifact path ${JSON.stringify(path)}: ${fault}`);
    }
    const decoded = decode(text);
    if (decoded === text) {
      return;
    }
    text = decoded;
  }
  throw new LoadlineError('LL7007', `Refused the artifact path ${JSON.stringify(path)}: encoded too often`);
}

function faultOf(path: string): string | null {
  const parts = path.split('/');
  if (parts.includes('..')) {
    return 'it has ".."';
  }
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) {
    return 'it is absolute';
  }
  if (path.includes('\\')) {
    return 'it has a backslash';
  }
  if (/[\p{Cc}\p{Cs}]/u.test(path)) {
    return 'it has a control character';
  }
  if (parts.some((part) => part === '' || part === '.')) {
    return 'it has an empty part';
  }
  if (
    parts.some((part) => Buffer.byteLength(part) > LONGEST_PART) ||
    Buffer.byteLength(path) > LONGEST_PATH
  ) {
    return `it is longer than ${LONGEST_PART} bytes a part or ${LONGEST_PATH} in all`;
  }
  return null;
}

function decode(text: string): string {
  // Byte by byte: what is no UTF-8 as a whole may still hide a "..".
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
