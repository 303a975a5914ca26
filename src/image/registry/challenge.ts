/** What a registry asks for in `WWW-Authenticate`, by RFC 9110 §11. */

export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly params: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SEPARATORS = /[\s,]*/y;
/** `name=value` or `name="value"`, where a backslash takes the next character as it is. */
const PARAM = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;

/** The challenges of one header, of which several may stand in a row; what does not parse ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    at = match === null ? at : pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(SEPARATORS);
    const scheme = take(TOKEN);
    if (scheme === null) {
      return found;
    }
    const params: Record<string, string> = {};
    for (;;) {
      const before = at;
      take(SEPARATORS);
      const param = take(PARAM);
      if (param === null) {
        at = before;
        break;
      }
      params[param[1]!.toLowerCase()] = param[2]?.replace(/\\(.)/g, '$1') ?? param[3] ?? '';
    }
    found.push({ scheme: scheme[0].toLowerCase(), params });
  }
}
