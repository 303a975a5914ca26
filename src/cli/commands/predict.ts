import { EXIT, isLoadlineError, LoadlineError } from '../../errors.ts';
import { defineCommand, text } from '../define.ts';
import { LIMITS_OPTION, readLimits } from '../limits.ts';
import { MODEL_HELP, STORE_OPTION } from '../model-options.ts';
import { say, type Terminal } from '../output/terminal.ts';

export const predict = defineCommand({
  name: 'predict',
  args: [{ spec: '<model>', help: MODEL_HELP, completes: ['version'] }],
  group: 'Serve',
  summary: 'score a file of rows with a model',
  examples: [
    'loadline predict model.pkl --input rows.json',
    'loadline predict model.pkl --input rows.parquet --proba --out scores.csv',
    'cat rows.ndjson | loadline predict model.pkl --input - --format ndjson',
  ],
  options: [
    { flags: '--input <file>', help: 'rows as .json, .ndjson, .csv or .parquet; - for stdin' },
    {
      flags: '--format <format>',
      help: 'format of the input, where its ending does not say',
      choices: ['json', 'ndjson', 'csv', 'parquet'],
    },
    { flags: '--proba', help: 'add the probability of each class' },
    { flags: '--out <file>', help: 'write to a .json, .ndjson or .csv file instead of stdout' },
    STORE_OPTION,
    LIMITS_OPTION,
    { flags: '--json', help: 'JSON on stdout (the default), errors as JSON on stderr' },
  ],
  async run([reference = ''], options, terminal) {
    const input = text(options, 'input');
    if (input === undefined) {
      throw new LoadlineError('LL1001', 'predict needs rows: --input FILE is missing');
    }
    const { formatOf, readBatches, INPUT_FORMATS } = await import('../input/batches.ts');
    const { openModel } = await import('../../formats/open.ts');
    const { rowsToData } = await import('../../model/rows.ts');
    const { predict: predictBatch } = await import('../../model/prediction.ts');
    const { openAnswers, outputFormat } = await import('../output/answers.ts');
    const out = text(options, 'out');
    outputFormat(out);
    const given = text(options, 'format');
    const format =
      INPUT_FORMATS.find((known) => known === given) ?? (input === '-' ? 'json' : formatOf(input));
    const { bring } = await import('../models.ts');
    const { path } = await bring(reference, options, terminal);
    const model = await openModel(path, readLimits(options));
    const progress = startProgress(terminal, options.json === true);
    const answers = await openAnswers(out, terminal.stdout);
    let done = 0;
    try {
      for await (const batch of readBatches(input, format, model.signature)) {
        try {
          const rows = rowsToData(batch.rows, model.signature);
          await answers.write(predictBatch(model, rows, options.proba === true));
        } catch (error) {
          throw inFile(error, input, batch.firstRow);
        }
        done += batch.rows.length;
        progress.update(done);
      }
    } catch (error) {
      await answers.abort();
      progress.stop();
      throw error;
    }
    await answers.close();
    progress.stop();
    if (out !== undefined) {
      say(terminal, `${terminal.symbol.ok} ${done} rows scored to ${out}`);
    }
    return EXIT.ok;
  },
});

/** An error about a row of a batch, told by its row in the file. */
function inFile(error: unknown, path: string, firstRow: number): unknown {
  if (!isLoadlineError(error)) {
    return error;
  }
  const { row } = error.detail;
  if (row === undefined) {
    return new LoadlineError(error.code, error.message, { where: path, ...error.detail });
  }
  const message = error.message.replace(/\bRow \d+/, `Row ${row + firstRow}`);
  return new LoadlineError(error.code, message, { where: path, ...error.detail, row: row + firstRow });
}

interface Progress {
  update(rows: number): void;
  stop(): void;
}

/** A count of rows on stderr: redrawn for a person, a line every 10 seconds otherwise; silent for work that ends within a second. */
function startProgress(terminal: Terminal, quiet: boolean): Progress {
  const start = performance.now();
  let last = start;
  let drawn = false;
  return {
    update(rows) {
      const now = performance.now();
      if (quiet || now - start < 1000 || now - last < (terminal.live ? 100 : 10_000)) {
        return;
      }
      last = now;
      const rate = Math.round(rows / ((now - start) / 1000));
      const line = `${rows.toLocaleString('en')} rows · ${rate.toLocaleString('en')} rows/s`;
      drawn = terminal.live;
      terminal.stderr.write(terminal.live ? `\r\u001b[K${line}` : `${line}\n`);
    },
    stop() {
      if (drawn) {
        terminal.stderr.write('\r\u001b[K');
      }
    },
  };
}
