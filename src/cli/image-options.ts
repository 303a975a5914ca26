/** Options that the commands about images share; apart from what they do, since help must load quickly. */
import type { CommandOption } from './define.ts';

export const ENGINE_OPTION: CommandOption = {
  flags: '--engine <engine>',
  help: 'docker; none: without an engine; auto: docker where it runs',
  choices: ['auto', 'docker', 'none'],
  default: 'auto',
};

export const INSECURE_OPTION: CommandOption = {
  flags: '--insecure',
  help: 'plain HTTP and unchecked certificates for registries',
};
