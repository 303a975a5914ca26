/** The embedded store as an MLflow server, in this process, in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MlflowApiOptions, startMlflowApi } from '../../src/versions/mlflow-api/server.ts';
import { openStore } from '../../src/versions/store/open.ts';
import type { Store } from '../../src/versions/store/types.ts';

export interface LoadlineServer {
  readonly url: string;
  readonly store: Store;
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startLoadline(
  options: Partial<Omit<MlflowApiOptions, 'store'>> = {},
): Promise<LoadlineServer> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-mlflow-api-'));
  const store = openStore(folder, { create: true });
  const api = await startMlflowApi({ port: 0, ...options, store });
  return {
    url: api.url,
    store,
    folder,
    async stop() {
      await api.close();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
