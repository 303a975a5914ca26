/**
 * Models saved by skops (the default of MLflow since 3.17): a zip of schema.json and one file for each array. Read by its
 * schema; nothing is imported, and what the file or its MLmodel trust has no say in the audit.
 */
import type { ExactJson } from '../../bytes/exact-json.ts';
import { isExactObject, parseExactJson } from '../../bytes/exact-json.ts';
import { refuseForeign } from '../../bytes/foreign.ts';
import type { Limits } from '../../bytes/limits.ts';
import { limitsOf, overLimit } from '../../bytes/limits.ts';
import type { Zip, ZipBudget } from '../../bytes/zip.ts';
import { isZip, readZip, zipBudget } from '../../bytes/zip.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Inert } from '../../pickle/inert.ts';
import type { Scan } from '../define.ts';
import { defineFormat } from '../define.ts';
import { sideFiles } from './arrays.ts';
import { namesIn } from './names.ts';
import type { Reader } from './nodes.ts';
import { readNode } from './nodes.ts';

const SCHEMA = 'schema.json';
/** Of skops 0.16. */
const NEWEST_PROTOCOL = 2;

export const skopsFormat = defineFormat({
  name: 'skops',
  sniff: isZip,
  scan(bytes, limits) {
    const all = limitsOf(limits);
    if (bytes.length > all.fileBytes) {
      throw overLimit('fileBytes', all, `${bytes.length} bytes`);
    }
    const budget = zipBudget(all, bytes.length);
    const zip = readZip(bytes, budget);
    const entry = zip.get(SCHEMA);
    if (entry === undefined) {
      refuseForeign(bytes, false);
      throw new LoadlineError('LL3001', `Cannot read the zip file: it has no ${SCHEMA}, as skops files have`);
    }
    // Each element that the schema lists takes more of it than this.
    const elements = all.freeObjects + Math.floor(all.objectsPerByte * entry.size);
    return scanSchema(parseExactJson(entry.read(), SCHEMA, all), zip, budget, all, elements);
  },
});

function scanSchema(schema: ExactJson, zip: Zip, budget: ZipBudget, limits: Limits, elements: number): Scan {
  const names = namesIn(schema, limits);
  const reader: Reader = {
    files: sideFiles(zip, budget),
    names,
    limits,
    findings: [],
    memo: new Map(),
    elements,
  };
  let root: Inert = null;
  let failure: LoadlineError | null = null;
  let protocol = 0;
  try {
    protocol = protocolOf(schema);
    root = readNode(schema, reader);
  } catch (error) {
    if (!isLoadlineError(error)) {
      throw error;
    }
    failure = error;
  }
  return {
    contents: {
      root,
      globals: [...names.uses.values()],
      findings: reader.findings,
      trailingBytes: 0,
      protocol,
    },
    failure,
    container: 'zip',
    unpackedBytes: [...zip.values()].reduce((sum, { size }) => sum + size, 0),
    joblib: false,
  };
}

function protocolOf(schema: ExactJson): number {
  const protocol = isExactObject(schema) ? schema.fields.get('protocol') : undefined;
  if (typeof protocol !== 'number' || !Number.isInteger(protocol) || protocol < 0) {
    throw new LoadlineError('LL3003', `Cannot read ${SCHEMA}: it does not name its protocol`);
  }
  if (protocol > NEWEST_PROTOCOL) {
    throw new LoadlineError(
      'LL3001',
      `Cannot read the skops file: it has protocol ${protocol}, the newest known is ${NEWEST_PROTOCOL}`,
      { fix: 'Save it with skops 0.16 or earlier, or with joblib.dump(model, path).' },
    );
  }
  return protocol;
}
