import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseMetrics } from './parse.ts';

const TYPE = '# TYPE a counter\n';

test('values by series, labels in alphabetical order', () => {
  // The text of the format's own documentation (Prometheus, "Exposition formats"), its time stamps and escapes included.
  const text = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000
`.replace('}    3', '} 3');
  assert.deepEqual(
    [...parseMetrics(text)],
    [
      ['http_requests_total{code="200",method="post"}', 1027],
      ['http_requests_total{code="400",method="post"}', 3],
    ],
  );
});

test('a histogram, comments, empty lines, escapes and numbers that are not finite', () => {
  const text = String.raw`# a comment
# HELP h Seconds.
# TYPE h histogram
h_bucket{le="0.5"} 1
h_bucket{le="+Inf"} 2
h_sum 0.75
h_count 2

# TYPE g gauge
g{path="C:\\DIR\n\"x\",y"} 1.458255915e9
g{path=""} NaN
g{path="+"} +Inf
g{path="-"} -Inf
`;
  const values = parseMetrics(text);
  assert.equal(values.size, 8);
  assert.equal(values.get('h_bucket{le="+Inf"}'), 2);
  assert.equal(values.get('h_sum'), 0.75);
  assert.equal(values.get(String.raw`g{path="C:\\DIR\n\"x\",y"}`), 1458255915);
  assert.ok(Number.isNaN(values.get('g{path=""}')));
  assert.equal(values.get('g{path="+"}'), Number.POSITIVE_INFINITY);
  assert.equal(values.get('g{path="-"}'), Number.NEGATIVE_INFINITY);
});

describe('what is refused', () => {
  const cases: readonly [string, string, RegExp][] = [
    ['HTML', '<html></html>\n', /line 1 of the metrics is no sample/],
    ['JSON', '{}\n', /is no sample/],
    ['a value that is no number', `${TYPE}a one\n`, /line 2 of the metrics has no number/],
    ['no value', `${TYPE}a\n`, /is no sample/],
    ['a name that begins with a digit', '# TYPE 1a counter\n1a 1\n', /is no HELP or TYPE/],
    ['labels without quotes', `${TYPE}a{b=c} 1\n`, /is no sample/],
    ['an open label', `${TYPE}a{b="c} 1\n`, /is no sample/],
    ['an unknown type', '# TYPE a count\na 1\n', /is no HELP or TYPE/],
    ['no type', 'a 1\n', /has no TYPE before it/],
    ['the type of another', `${TYPE}b 1\n`, /has no TYPE before it/],
    ['a type twice', `${TYPE}${TYPE}a 1\n`, /declares a type twice/],
    ['a series twice', `${TYPE}a{b="1"} 1\na{b="1"} 2\n`, /line 3 .* repeats a series/],
    ['a last line without end', `${TYPE}a 1`, /has no end/],
  ];
  for (const [name, text, said] of cases) {
    test(name, () => assert.throws(() => parseMetrics(text), said));
  }
});
