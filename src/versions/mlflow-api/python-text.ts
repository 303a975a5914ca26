/** Values as Python writes them, because MLflow's messages and tags hold them so. */

/** `json.dumps`; without `spaced` as with `separators=(",", ":")` and sorted keys, MLflow's way in messages. */
export function pythonJson(value: unknown, spaced: boolean): string {
  const [comma, colon] = spaced ? [', ', ': '] : [',', ':'];
  if (Array.isArray(value)) {
    return `[${value.map((item) => pythonJson(item, spaced)).join(comma)}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const ordered = spaced ? entries : entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${ordered.map(([key, item]) => pythonJson(key, spaced) + colon + pythonJson(item, spaced)).join(comma)}}`;
  }
  // Python escapes all that is not ASCII.
  return JSON.stringify(value ?? null).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `repr` of a text. */
export function pythonRepr(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return escaped.includes("'") && !escaped.includes('"')
    ? `"${escaped}"`
    : `'${escaped.replaceAll("'", "\\'")}'`;
}

/** `repr` of a number that Python has as a float. */
export function pythonFloat(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `type(value).__name__` of a value that came as JSON. */
export function pythonType(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    default:
      return value === null || value === undefined ? 'NoneType' : Array.isArray(value) ? 'list' : 'dict';
  }
}
