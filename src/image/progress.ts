/** How long work tells how far it is; the command line draws it, tests ignore it. */

export interface ProgressEvent {
  readonly phase: 'bundle' | 'base' | 'layer' | 'engine' | 'test' | 'push' | 'write';
  /** What is worked on: a layer's name, the first digits of a digest, a file. Unique within its phase. */
  readonly item: string;
  readonly state: 'start' | 'progress' | 'done' | 'skipped';
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  /** How it ended, or why it was skipped: `already there`, `mounted from team/base`, `sha256:…`. */
  readonly note?: string;
}

export type OnProgress = (event: ProgressEvent) => void;
