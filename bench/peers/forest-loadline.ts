/** Predicts with a forest on command: answers lines with milliseconds, or with how many answers differ from scikit-learn's. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openModel } from '../../src/formats/open.ts';
import { dense } from '../../src/model/data.ts';
import { predict } from '../../src/model/prediction.ts';

const [modelPath, folder] = process.argv.slice(2) as [string, string];
const model = await openModel(modelPath);
const width = model.signature.features!.length;
const rows = readFloats(`${folder}/rows.f64`);
const answers = readFloats(`${folder}/answers.f64`);
const batch = dense(answers.length, width, rows);
const singles = Array.from({ length: 2000 }, (_, i) =>
  dense(1, width, rows.slice(i * width, (i + 1) * width)),
);

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'differ') {
    const { target } = predict(model, batch);
    console.log(target.kind === 'numbers' ? countDifferences(target.data) : answers.length);
    continue;
  }
  const calls = line === 'batch' ? [batch] : singles;
  const start = performance.now();
  for (const call of calls) {
    predict(model, call);
  }
  console.log((performance.now() - start) / calls.length);
}

function countDifferences(found: Float64Array): number {
  return answers.reduce((count, answer, i) => count + (Object.is(answer, found[i]) ? 0 : 1), 0);
}

function readFloats(path: string): Float64Array {
  return new Float64Array(new Uint8Array(readFileSync(path)).buffer);
}
