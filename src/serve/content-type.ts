/** Which content types a route reads. */
import { LoadlineError } from '../errors.ts';
import { mediaType, typeParameters } from './http.ts';

/**
 * A check that lets the given media types pass (`''` stands for an absent header) and refuses any other with LL2010,
 * as well as a charset other than UTF-8.
 */
export function typeCheck(types: readonly string[]): (contentType: string | undefined) => void {
  const known = new Set(types);
  const named = types.filter((type) => type !== '').join(', ');
  return (contentType) => {
    if (contentType === 'application/json' || contentType === undefined) {
      if (known.has(contentType ?? '')) {
        return;
      }
    }
    const type = mediaType(contentType);
    if (!known.has(type)) {
      throw new LoadlineError(
        'LL2010',
        `Cannot read the content type "${type.slice(0, 80)}": expected ${named}`,
      );
    }
    const charset = typeParameters(contentType).get('charset')?.toLowerCase();
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') {
      throw new LoadlineError('LL2010', `Cannot read the charset "${charset.slice(0, 80)}": expected utf-8`);
    }
  };
}
