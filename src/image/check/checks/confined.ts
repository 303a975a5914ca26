import { defineCheck } from '../define.ts';

export const confined = defineCheck({
  name: 'confined',
  title: 'needs no root, no writes',
  needs: ['server', 'confinement'],
  async run({ server }) {
    const { user, readOnlyRoot } = await server.confinement();
    if (!readOnlyRoot) {
      return { ok: false, detail: 'the engine did not make the root file system read-only' };
    }
    if (!/^[1-9]\d*(?::\d+)?$/.test(user)) {
      const found = user === '' || /^0(?::|$)/.test(user) ? 'root' : `"${user}"`;
      return {
        ok: false,
        detail: `its user is ${found}, expected a number that is not 0: Kubernetes can tell only by it that it is not root`,
      };
    }
    return { ok: true, detail: `user ${user}, no capabilities, no new privileges` };
  },
});
