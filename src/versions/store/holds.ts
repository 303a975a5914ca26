/** Which versions running servers use, for as long as they say so. */
import { type Catalogued, reading, writing } from './transaction.ts';
import type { Holds } from './types.ts';
import { versionNumber } from './version-rows.ts';

export function openHolds(catalogued: Catalogued): Holds {
  const { database, folder } = catalogued;
  const clear = database.prepare('DELETE FROM holds WHERE holder = ? OR until <= ?');
  const insert = database.prepare(
    'INSERT OR REPLACE INTO holds (holder, name, number, until) VALUES (?, ?, ?, ?)',
  );
  const holders = database.prepare(
    'SELECT holder FROM holds WHERE name = ? AND number = ? AND until > ? ORDER BY holder',
  );
  return {
    hold(holder, versions, ttlMs) {
      const now = Date.now();
      writing(catalogued, () => {
        clear.run(holder, now);
        for (const { name, version } of versions) {
          const number = versionNumber(version);
          if (number !== null) {
            insert.run(holder, name, number, now + ttlMs);
          }
        }
      });
    },
    release(holder) {
      writing(catalogued, () => clear.run(holder, Date.now()));
    },
    holders(name, version) {
      const rows = reading(folder, () => holders.all(name, versionNumber(version), Date.now()));
      return rows.map((row) => row.holder as string);
    },
  };
}
