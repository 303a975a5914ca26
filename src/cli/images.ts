/** What the commands about images share: where images are, how registries are reached, who draws the progress. */

import { imagesFolder } from '../config/state.ts';
import { ENGINES, type Engine } from '../image/local.ts';
import { openStore } from '../image/oci/store.ts';
import type { OnProgress } from '../image/progress.ts';
import { createRegistryClient, type RegistryClient } from '../image/registry/client.ts';
import type { Options } from './define.ts';
import { interruptible } from './interrupt.ts';
import { progressDisplay } from './output/progress.ts';
import type { Terminal } from './output/terminal.ts';

/** The tools of one command; all of them are made on first use. */
export interface Images {
  readonly env: Terminal['env'];
  readonly signal: AbortSignal;
  readonly engine: Engine;
  readonly onProgress: OnProgress;
  readonly store: () => ReturnType<typeof openStore>;
  readonly registry: () => RegistryClient;
  /** Takes the progress line away before something else is said. */
  readonly endProgress: () => void;
  readonly close: () => void;
}

/** Gives a command its tools, its interruption among them, and puts them away when it has ended. */
export function withImages<T>(
  options: Options,
  terminal: Terminal,
  work: (images: Images) => Promise<T>,
): Promise<T> {
  return interruptible(async (signal) => {
    const images = openImages(options, terminal, signal);
    try {
      return await work(images);
    } finally {
      images.close();
    }
  });
}

function openImages(options: Options, terminal: Terminal, signal: AbortSignal): Images {
  const { env } = terminal;
  const display = progressDisplay(terminal, options.json === true);
  let store: ReturnType<typeof openStore> | undefined;
  let registry: RegistryClient | undefined;
  return {
    env,
    signal,
    engine: ENGINES.find((known) => known === options.engine) ?? 'auto',
    onProgress: display.onProgress,
    store() {
      store ??= openStore(imagesFolder(env));
      return store;
    },
    registry() {
      registry ??= createRegistryClient({
        insecure: options.insecure === true,
        env,
        onProgress: display.onProgress,
        signal,
      });
      return registry;
    },
    endProgress: display.end,
    close() {
      display.end();
      registry?.close();
    },
  };
}
