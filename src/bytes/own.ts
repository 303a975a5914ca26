/** Keys that people choose: `constructor` and `toString` are aliases and tags like any other. */

/** The value of a key; null where there is none, also where every object of JavaScript has one of that name. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(record, key) ? (record[key] as T) : null;
}
