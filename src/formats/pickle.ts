/** scikit-learn models saved with pickle, cloudpickle or joblib. */
import { unwrap } from '../bytes/container.ts';
import { scanPickle } from '../pickle/read.ts';
import { defineFormat } from './define.ts';

export const pickleFormat = defineFormat({
  name: 'pickle',
  /** A pickle has no magic: what is something else is named when it is read. */
  sniff: () => true,
  scan(bytes, limits) {
    const { container, bytes: unpacked } = unwrap(bytes, limits);
    const { pickle, failure } = scanPickle(unpacked, limits);
    return {
      contents: pickle,
      failure,
      container,
      unpackedBytes: unpacked.length,
      joblib: pickle.joblibArrays > 0,
    };
  },
});
