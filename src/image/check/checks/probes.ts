import { defineCheck } from '../define.ts';

const PATHS = ['/healthz', '/readyz'];

export const probes = defineCheck({
  name: 'probes',
  title: 'answers probes',
  needs: ['server'],
  async run({ client }) {
    for (const path of PATHS) {
      const { status } = await client.ask(path);
      if (status !== 200) {
        return { ok: false, detail: `GET ${path} answers ${status}, expected 200` };
      }
    }
    return { ok: true, detail: PATHS.map((path) => `${path} 200`).join(', ') };
  },
});
