import { bytesText } from '../../../bytes/size-text.ts';
import { defineCheck } from '../define.ts';
import { type Load, startLoad } from '../load.ts';

/** How often the memory is looked at under load; docker takes a second or two for each, so the load has time to fill it. */
const LOOKS = 2;

export const limits = defineCheck({
  name: 'limits',
  title: 'stays within its limits',
  needs: ['server', 'limits'],
  async run({ server, samples, limits: { memoryBytes: limitBytes, cpus } }) {
    let requests = 0;
    const failures: string[] = [];
    const load: Load | null =
      samples === null
        ? null
        : startLoad({
            port: Number(new URL(server.url).port),
            path: '/predict',
            body: samples.batch.body,
            connections: 4,
            pauseMs: 0,
            onClose: 'reconnect',
            onSent({ failure }) {
              requests += 1;
              if (failure !== null) {
                failures.push(failure);
              }
            },
          });
    let memoryBytes = 0;
    let outOfMemory = false;
    try {
      for (let i = 0; i < LOOKS; i++) {
        const usage = await server.usage();
        memoryBytes = Math.max(memoryBytes, usage.memoryBytes);
        outOfMemory ||= usage.outOfMemory;
      }
    } finally {
      await load?.stop();
    }
    const values = { memoryBytes, limitBytes, cpus, requests };
    const [first] = failures;
    if (first !== undefined) {
      return {
        ok: false,
        detail: `${failures.length} of ${requests} requests failed: ${first}`,
        values,
      };
    }
    if (outOfMemory) {
      return {
        ok: false,
        detail: `a process of it was killed for taking more than ${bytesText(limitBytes)}`,
        values,
      };
    }
    const share = Math.round((100 * memoryBytes) / limitBytes);
    const under = load === null ? 'without load' : `under ${requests} requests`;
    return {
      ok: true,
      detail: `${bytesText(memoryBytes)} of ${bytesText(limitBytes)} (${share} %) ${under}, ${cpus} CPU`,
      values,
    };
  },
});
