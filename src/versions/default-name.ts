/** What a model is called where nobody says. */
import { basename } from 'node:path';

/** The name a model is served by where none is given: its file's, without the ending. */
export function defaultName(path: string): string {
  const name = basename(path).replace(/(\.(pkl|pickle|joblib|skops|sav|gz|bz2|xz|lzma|lz4|z|zlib))+$/i, '');
  return name.replace(/[^\w.-]+/g, '-') || 'model';
}
