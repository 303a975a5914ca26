/** Shell completion with what is in the embedded store: names of models, their versions, aliases. */
import type { RootCommand } from '@bomb.sh/tab';
import type { StoredModel } from '../versions/store/types.ts';
import type { Command, Completes } from './define.ts';

type Offer = readonly (readonly [value: string, description: string])[];

/** Adds the store's values to the arguments and options that take them. Without a store nothing is offered. */
export async function offerValues(
  root: RootCommand,
  commands: readonly Command[],
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const models = await readModels(argv, env);
  const offers: Readonly<Record<Completes, Offer>> = {
    name: models.map(({ name, versions }) => [name, `${versions.length} versions`]),
    version: models.flatMap(({ name, versions }) =>
      versions.map(({ version, aliases, description }): [string, string] => [
        `${name}/${version}`,
        [...aliases, description].join(' ').trim(),
      ]),
    ),
    alias: [...new Set(models.flatMap(({ aliases }) => Object.keys(aliases)))].map((alias) => [alias, '']),
  };
  for (const [path, command] of paths(commands)) {
    const target = root.commands.get(path);
    const handler =
      (values: Offer): ((complete: (value: string, description: string) => void) => void) =>
      (complete) => {
        for (const [value, description] of values) {
          complete(value, description);
        }
      };
    for (const { spec, completes } of command.args) {
      const argument = target?.arguments.get(spec.replace(/[<>[\].]/g, ''));
      if (completes !== undefined && argument !== undefined) {
        argument.handler = handler(completes.flatMap((kind) => offers[kind]));
      }
    }
    for (const { flags, completes } of command.options) {
      const option = target?.options.get(/--([\w-]+)/.exec(flags)?.[1] ?? '');
      if (completes !== undefined && option !== undefined) {
        option.handler = handler(completes.flatMap((kind) => offers[kind]));
      }
    }
  }
}

/** Commands by their words: `models promote`. */
function paths(commands: readonly Command[], before = ''): [string, Command][] {
  return commands.flatMap((command): [string, Command][] => {
    const path = `${before}${command.name}`;
    return [[path, command], ...paths(command.commands ?? [], `${path} `)];
  });
}

async function readModels(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly StoredModel[]> {
  const { storeFolder } = await import('./models.ts');
  const { openStore } = await import('../versions/store/open.ts');
  const at = argv.lastIndexOf('--store');
  const store = at < 0 ? undefined : argv[at + 1];
  try {
    const opened = openStore(storeFolder({ store }, env), { create: false });
    try {
      return opened.catalog.models();
    } finally {
      opened.close();
    }
  } catch {
    // No store, or one that cannot be read: a shell is no place for its errors.
    return [];
  }
}
