/** `NAME@ALIAS`, `NAME/3`, `NAME/latest`: versions in the embedded store. */
import { LoadlineError } from '../../errors.ts';
import type { ModelReference } from '../reference.ts';
import type { FoundVersion, Source } from '../types.ts';
import { checkOut, contentName } from './checkout.ts';
import type { Store, StoredVersion } from './types.ts';

export type StoreReference = Extract<ModelReference, { kind: 'store' }>;

/** @param store stays open as long as the source is used; the caller closes it */
export function storeSource(reference: StoreReference, store: Store): Source {
  const { catalog } = store;
  return {
    reference,
    moves: reference.pick.kind !== 'version',
    async find() {
      return found(pickVersion(reference, store), store);
    },
    async fetch(wanted, work) {
      const version = catalog.version(wanted.name, wanted.version);
      if (found(version, store).identity !== wanted.identity) {
        throw new LoadlineError(
          'LL7001',
          `Version ${wanted.version} of "${wanted.name}" in the store ${store.folder} is not the one that was looked up: it was made again meanwhile`,
          { fix: 'Look it up again.' },
        );
      }
      return { ...wanted, path: await checkOut(store, version, work) };
    },
  };
}

function found(version: StoredVersion, { catalog }: Store): FoundVersion {
  const { name } = version;
  return {
    name,
    version: version.version,
    identity: contentName(version, catalog.files(version)),
    uri: `${name}/${version.version}`,
  };
}

/** Throws LL7001 with what there is. */
function pickVersion({ name, pick }: StoreReference, { catalog, folder }: Store): StoredVersion {
  switch (pick.kind) {
    case 'version':
      return catalog.version(name, pick.version);
    case 'alias':
      return catalog.byAlias(name, pick.alias);
    case 'latest':
      return catalog.latest(name);
    case 'stage': {
      const { versions } = catalog.model(name);
      const version = versions.find(({ stage }) => stage.toLowerCase() === pick.stage.toLowerCase());
      if (version === undefined) {
        const stages = [...new Set(versions.map(({ stage }) => stage))].filter((stage) => stage !== 'None');
        throw new LoadlineError(
          'LL7001',
          `No version of "${name}" in the store ${folder} is in the stage ${pick.stage}: ${stages.length === 0 ? 'none is in any' : `there are ${stages.join(', ')}`}`,
        );
      }
      return version;
    }
  }
}
