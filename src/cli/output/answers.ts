/** Writes predictions of any number of rows: to stdout, or to a file that appears only when it is whole. */

import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LoadlineError } from '../../errors.ts';
import type { Label } from '../../model/data.ts';
import type { Prediction } from '../../model/prediction.ts';
import { probabilityValues, targetValues } from '../../model/prediction.ts';

export type OutputFormat = 'json' | 'ndjson' | 'csv';

export interface AnswerWriter {
  write(prediction: Prediction): Promise<void>;
  /** Completes the output; the file appears under its name only now. */
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** The format of an output path by its ending; JSON for stdout. */
export function outputFormat(path: string | undefined): OutputFormat {
  const ending = path === undefined ? 'json' : extname(path).slice(1).toLowerCase();
  if (ending === 'json' || ending === 'csv') {
    return ending;
  }
  if (ending === 'ndjson' || ending === 'jsonl') {
    return 'ndjson';
  }
  throw new LoadlineError(
    'LL1001',
    `Cannot write ${path}: the ending "${ending}" is not one of json, ndjson, csv`,
  );
}

/** Opens a writer on `path`, or on `stdout` when there is none. Throws LL1007 when it cannot be written. */
export async function openAnswers(
  path: string | undefined,
  stdout: NodeJS.WritableStream,
): Promise<AnswerWriter> {
  const format = outputFormat(path);
  if (path === undefined) {
    return answers(
      format,
      stdout as Writable,
      async () => {},
      async () => {},
    );
  }
  const partial = `${path}.partial-${process.pid}`;
  const stream = createWriteStream(partial, { flags: 'wx' });
  try {
    await once(stream, 'open');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LoadlineError('LL1007', `Cannot write ${path}: ${reason}`, { where: path, cause });
  }
  return answers(
    format,
    stream,
    async () => {
      stream.end();
      await once(stream, 'close');
      await rename(partial, path);
    },
    async () => {
      stream.destroy();
      await rm(partial, { force: true });
    },
  );
}

function answers(
  format: OutputFormat,
  stream: Writable,
  finish: () => Promise<void>,
  discard: () => Promise<void>,
): AnswerWriter {
  const put = async (text: string): Promise<void> => {
    if (!stream.write(text)) {
      await once(stream, 'drain');
    }
  };
  const body = format === 'json' ? jsonBody(put) : format === 'ndjson' ? ndjsonBody(put) : csvBody(put);
  return {
    write: body.write,
    async close() {
      await body.end(stream);
      await finish();
    },
    async abort() {
      await body.drop();
      await discard();
    },
  };
}

interface Body {
  write(prediction: Prediction): Promise<void>;
  end(stream: Writable): Promise<void>;
  drop(): Promise<void>;
}

type Put = (text: string) => Promise<void>;

/** `{"prediction": […]}`; probabilities come second in the object, so they wait in a temporary file meanwhile. */
function jsonBody(put: Put): Body {
  let first = true;
  let spool: { readonly folder: string; readonly file: string; readonly stream: Writable } | null = null;
  let classes: Prediction['classes'] = null;
  return {
    async write(prediction) {
      await put(`${first ? '{"prediction":[' : ','}${listBody(targetValues(prediction.target))}`);
      if (prediction.probabilities !== null) {
        classes = prediction.classes;
        if (spool === null) {
          const folder = await mkdtemp(join(tmpdir(), 'loadline-'));
          const file = join(folder, 'probabilities');
          spool = { folder, file, stream: createWriteStream(file) };
        }
        const text = `${first ? '' : ','}${listBody(rowProbabilities(prediction.probabilities))}`;
        if (!spool.stream.write(text)) {
          await once(spool.stream, 'drain');
        }
      }
      first = false;
    },
    async end(stream) {
      await put(first ? '{"prediction":[]' : ']');
      if (spool !== null) {
        spool.stream.end();
        await once(spool.stream, 'close');
        await put(',"probabilities":[');
        await pipeline(createReadStream(spool.file), stream, { end: false });
        await put(`],"classes":${JSON.stringify(classesJson(classes))}`);
        await rm(spool.folder, { recursive: true, force: true });
      }
      await put('}\n');
    },
    async drop() {
      if (spool !== null) {
        spool.stream.destroy();
        await rm(spool.folder, { recursive: true, force: true });
      }
    },
  };
}

function ndjsonBody(put: Put): Body {
  return {
    async write(prediction) {
      const values = targetValues(prediction.target);
      const probabilities =
        prediction.probabilities === null ? null : rowProbabilities(prediction.probabilities);
      await put(
        values
          .map((value, i) =>
            JSON.stringify(
              probabilities === null
                ? { prediction: value }
                : { prediction: value, probabilities: probabilities[i] },
            ),
          )
          .join('\n')
          .concat('\n'),
      );
    },
    async end() {},
    async drop() {},
  };
}

function csvBody(put: Put): Body {
  let first = true;
  return {
    async write(prediction) {
      const values = targetValues(prediction.target);
      const probabilities =
        prediction.probabilities === null ? null : rowProbabilities(prediction.probabilities);
      const lines: string[] = [];
      if (first) {
        lines.push(csvHeader(prediction));
        first = false;
      }
      values.forEach((value, i) => {
        const cells = [value, ...flat(probabilities === null ? [] : probabilities[i])].flatMap(flat);
        lines.push(cells.map(csvCell).join(','));
      });
      await put(`${lines.join('\n')}\n`);
    },
    async end() {},
    async drop() {},
  };
}

function csvHeader(prediction: Prediction): string {
  const { target, classes, probabilities } = prediction;
  const names = target.oneD
    ? ['prediction']
    : Array.from({ length: target.nCols }, (_, j) => `prediction_${j}`);
  if (probabilities !== null && classes !== null) {
    classes.forEach((list, output) => {
      const prefix = classes.length === 1 ? 'probability' : `probability_${output}`;
      names.push(...list.map((label) => `${prefix}_${label}`));
    });
  }
  return names.map(csvCell).join(',');
}

/** Probabilities row by row: `[nClasses]`, or one such list per output. */
function rowProbabilities(probabilities: NonNullable<Prediction['probabilities']>): unknown[] {
  if (probabilities.length === 1) {
    return probabilityValues(probabilities);
  }
  const outputs = probabilityValues(probabilities) as unknown[][];
  return (outputs[0] ?? []).map((_, i) => outputs.map((rows) => rows[i]));
}

function classesJson(classes: readonly (readonly Label[])[] | null): unknown {
  return classes?.length === 1 ? classes[0] : classes;
}

function listBody(values: readonly unknown[]): string {
  return JSON.stringify(values).slice(1, -1);
}

function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flat) : [value];
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
