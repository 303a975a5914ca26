import { defineCheck } from '../define.ts';

export const healthcheck = defineCheck({
  name: 'healthcheck',
  title: 'says that it is healthy',
  needs: ['server', 'healthcheck'],
  async run({ server }) {
    const { code, output } = await server.healthcheck();
    return code === 0
      ? { ok: true, detail: 'exit code 0' }
      : { ok: false, detail: `exit code ${code}${output === '' ? '' : `: ${output}`}` };
  },
});
