/** Addresses in messages. */

/** An address without the credentials in it, whatever else is wrong with it: a password may hold any sign. */
export function shownUri(uri: string): string {
  return uri.replace(/\/\/.*@/, '//***@');
}

/** The text that a part of an address stands for; as it is where it only looks as if it were escaped. */
export function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
