/** Reads Prometheus' text format 0.0.4, as strictly as Prometheus' own checks do where it matters for a scrape. */

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL})(?:,${LABEL})*,?)?\\})? (\\S+)(?: (-?\\d+))?$`);
const COMMENT = new RegExp(
  `^# (?:HELP (${NAME})(?: .*)?|TYPE (${NAME}) (counter|gauge|histogram|summary|untyped))$`,
);
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/;

/**
 * Values by series.
 *
 * @throws Error naming the line that does not fit the format, a series that comes twice or whose type was not declared.
 */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  if (text !== '' && !text.endsWith('\n')) {
    throw new Error('the last line of the metrics has no end');
  }
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '' || (line.startsWith('#') && !/^# (?:HELP|TYPE)\b/.test(line))) {
      continue;
    }
    const refuse = (why: string): never => {
      throw new Error(`line ${i + 1} of the metrics ${why}: ${line.slice(0, 120)}`);
    };
    if (line.startsWith('#')) {
      const [, , typed, type] = COMMENT.exec(line) ?? refuse('is no HELP or TYPE');
      if (typed !== undefined && type !== undefined) {
        if (types.has(typed)) {
          refuse('declares a type twice');
        }
        types.set(typed, type);
      }
      continue;
    }
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? refuse('is no sample');
    if (!NUMBER.test(value)) {
      refuse('has no number');
    }
    if (!types.has(name) && !types.has(name.replace(/_(?:bucket|sum|count|total)$/, ''))) {
      refuse('has no TYPE before it');
    }
    const series = seriesName(name, labels.match(new RegExp(LABEL, 'g')) ?? []);
    if (values.has(series)) {
      refuse('repeats a series');
    }
    values.set(series, Number(value.replace('Inf', 'Infinity')));
  }
  return values;
}

function seriesName(name: string, labels: readonly string[]): string {
  return labels.length === 0 ? name : `${name}{${[...labels].sort().join(',')}}`;
}
