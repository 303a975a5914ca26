/** How much memory and processor a container is given where nobody says. */

export interface Resources {
  readonly memoryMiB: number;
  /** Processors, in parts too. */
  readonly cpus: number;
}

const MIB = 1024 * 1024;
/** Node, the server and requests in flight: 90 to 105 MiB resident at any small model, and as much again in reserve. */
const SERVER_MIB = 192;
const PER_MODEL_BYTE = 8;
const STEP_MIB = 64;

/**
 * Memory 192 MiB + 8 × the model file, rounded up to 64 MiB, and one processor.
 *
 * The factor is for opening the file, which takes the most. Peak beyond the server's 90 MiB, as a multiple of the file,
 * with scikit-learn 1.9 models on Node 24: forests 1.3 to 1.9 (35 to 174 MiB), the same compressed by joblib with zlib or
 * xz 8, vocabularies of text 15 (5 and 25 MiB). In containers the 25 MiB vocabulary needed at most 448 MiB and gets 448, the
 * 37 MiB xz forest needed 448 and gets 512, the 174 MiB forest needed 320 and gets 1600. A limit too wide costs
 * nothing, one too tight ends the server; `loadline test` shows what a model takes. One processor since the server is one
 * process unless it is given --workers.
 */
export function defaultResources(modelSizeBytes: number): Resources {
  const wanted = SERVER_MIB + (PER_MODEL_BYTE * modelSizeBytes) / MIB;
  return { memoryMiB: Math.ceil(wanted / STEP_MIB) * STEP_MIB, cpus: 1 };
}
