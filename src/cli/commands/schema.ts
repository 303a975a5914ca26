import { EXIT, LoadlineError } from '../../errors.ts';
import { defineCommand } from '../define.ts';
import { print } from '../output/terminal.ts';

export const schema = defineCommand({
  name: 'schema',
  args: [{ spec: '<what>', help: 'config: of loadline.yaml' }],
  group: 'Setup',
  summary: 'print the JSON Schema of a file that Loadline reads',
  examples: ['loadline schema config > loadline.schema.json'],
  options: [],
  async run([what = ''], _options, terminal) {
    if (what !== 'config') {
      throw new LoadlineError('LL1001', `There is no schema "${what}": expected config`);
    }
    const { configJsonSchema } = await import('../../config/schema.ts');
    print(terminal, JSON.stringify(configJsonSchema(), null, 2));
    return EXIT.ok;
  },
});
