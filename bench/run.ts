/** Runs every benchmark side by side and writes docs/benchmarks.md. `--quick` takes fewer and shorter rounds. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { forestInProcess } from './forest-in-process.ts';
import { image } from './image.ts';
import { overload } from './overload.ts';
import { setting } from './process.ts';
import { type Finding, meets, renderFindings } from './report.ts';
import { startup } from './startup.ts';
import { throughput } from './throughput.ts';

const quick = process.argv.includes('--quick');
const rounds = quick ? 2 : 5;
const seconds = quick ? 2 : 3;

const findings: Finding[] = [
  ...(await throughput('linear', rounds, seconds)),
  ...(await throughput('forest', rounds, seconds)),
  ...(await forestInProcess(rounds)),
  ...(await startup(rounds)),
  ...(await image(rounds, quick ? 3 : 20)),
  ...(await overload(quick ? 5 : 30)),
];
const table = renderFindings(findings);
console.log(table);
if (!quick) {
  writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), page(table));
}
for (const finding of findings.filter((each) => !meets(each))) {
  console.error(`✗ ${finding.what}: ${finding.value.toPrecision(3)}, to reach ${finding.target}`);
  process.exitCode = 7;
}

function page(rows: string): string {
  const versions = execFileSync(setting('LOADLINE_BENCH_PYTHON'), ['-m', 'pip', 'freeze'], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter((line) => /^(scikit-learn|numpy|flask|fastapi|uvicorn|orjson)==/i.test(line))
    .join(', ');
  const text = readFileSync(new URL('page.md', import.meta.url), 'utf8');
  return text
    .replace('{{table}}', rows)
    .replace('{{date}}', new Date().toISOString().slice(0, 10))
    .replace('{{cpu}}', `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`)
    .replace('{{node}}', process.version)
    .replace('{{python}}', versions)
    .replace('{{rounds}}', `${rounds} rounds of ${seconds} s`);
}
