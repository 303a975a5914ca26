import { type Client, problemCode, type Reply, replyText } from '../client.ts';
import { defineCheck } from '../define.ts';
import { type Expected, firstDifference, type Sample } from '../samples.ts';

export const answers = defineCheck({
  name: 'answers',
  title: 'answers as predict does',
  needs: ['server', 'model'],
  async run({ client, samples }) {
    if (samples === null) {
      return {
        ok: null,
        detail: 'the model takes none of the rows made from its signature: give some with --input',
      };
    }
    const { singles, batch } = samples;
    const all = [...singles, batch];
    const differences: string[] = [];
    for (const one of all) {
      const difference = await differs(client, one);
      if (difference !== null) {
        differences.push(difference);
      }
    }
    const [first] = differences;
    const values = { rows: singles.length, batchRows: batch.nRows, different: differences.length };
    return first === undefined
      ? {
          ok: true,
          detail: `${singles.length === 1 ? '1 row' : `${singles.length} rows`} one by one, ${batch.nRows} in one request`,
          values,
        }
      : { ok: false, detail: `${differences.length} of ${all.length} answers differ: ${first}`, values };
  },
});

/** How the answer to a sample differs from what it should be; null where it does not. */
export async function differs(client: Client, sample: Sample): Promise<string | null> {
  const reply = await client.ask('/predict', { body: sample.body });
  const difference = compare(reply, sample.expected);
  return difference === null ? null : `${difference}, for ${shortened(sample.body)}`;
}

function compare(reply: Reply, expected: Expected): string | null {
  if ('code' in expected) {
    return problemCode(reply) === expected.code
      ? null
      : `it answers ${replyText(reply)}, expected a refusal with ${expected.code}`;
  }
  if (reply.status !== 200) {
    return `it answers ${replyText(reply)}, expected 200`;
  }
  try {
    return firstDifference(JSON.parse(reply.text), expected.answer);
  } catch {
    return 'it answers something that is not JSON';
  }
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
