/** A Python session with MLflow's real client and scikit-learn, kept open: importing them takes seconds each time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type MlflowVersion, mlflowPython } from '../mlflow/real-server.ts';

const SESSION = fileURLToPath(new URL('./notebook.py', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/mlflow/train.py', import.meta.url));

export interface Notebook {
  /**
   * Runs Python code; gives what it assigned to `answer`, fails with its traceback. Names live on from call to call;
   * `values` are set first, `env` in os.environ.
   */
  run<T>(
    code: string,
    values?: Readonly<Record<string, unknown>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<T>;
  close(): Promise<void>;
}

/** MLflow runs Python once more to find out what a model requires: where nobody reads that, it is cut short. */
export const QUICK = { MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT: '1' } as const;

/** Opens a session in a folder of its own; it ends with this process however that ends. */
export function openNotebook(version: MlflowVersion, env: Readonly<Record<string, string>> = {}): Notebook {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-notebook-'));
  const { MLFLOW_TRACKING_URI: _, ...inherited } = process.env;
  const child = spawn(mlflowPython(version), [SESSION], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...inherited,
      HOME: folder,
      PYTHONWARNINGS: 'ignore',
      PYTHONUNBUFFERED: '1',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: 'true',
      GIT_PYTHON_REFRESH: 'quiet',
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      ...env,
    },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-8000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let turn: Promise<unknown> = Promise.resolve();
  return {
    run<T>(
      code: string,
      values: Readonly<Record<string, unknown>> = {},
      env: Readonly<Record<string, string>> = {},
    ): Promise<T> {
      const cell = turn.then(async () => {
        child.stdin.write(`${JSON.stringify({ code, values, env })}\n`);
        const { value, done } = await lines.next();
        if (done) {
          throw new Error(`Python ended: ${said}`);
        }
        const { answer, fault } = JSON.parse(value) as { answer: T; fault: string | null };
        if (fault !== null) {
          throw new Error(fault);
        }
        return answer;
      });
      turn = cell.catch(() => null);
      return cell;
    },
    async close() {
      // It ends with its input.
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) {
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the example's training as it is, with these arguments. */
export async function train(notebook: Notebook, url: string, args: readonly string[] = []): Promise<void> {
  await notebook.run(
    `
import runpy, sys
sys.argv = [example, *arguments]
runpy.run_path(example, run_name="__main__")`,
    { example: EXAMPLE, arguments: args },
    { MLFLOW_TRACKING_URI: url },
  );
}

/** What scikit-learn predicts for rows with the model that MLflow's client loads. */
export function predictions(
  notebook: Notebook,
  url: string,
  reference: string,
  rows: readonly unknown[],
): Promise<number[]> {
  return notebook.run(
    `
import mlflow, mlflow.sklearn, pandas as pd
mlflow.set_tracking_uri(url)
answer = mlflow.sklearn.load_model(reference).predict(pd.DataFrame(rows)).tolist()`,
    { url, reference, rows },
  );
}
