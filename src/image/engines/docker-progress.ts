/** What docker prints while it works, as progress: lines of the classic builder, of BuildKit and of pushes. */
import type { OnProgress, ProgressEvent } from '../progress.ts';

/** A step's instruction can be pages long; its beginning says enough. */
const SHOWN = 60;

/** A layer on its way in: the short id and what happens to it. */
const PULL = /^([0-9a-f]{12}): (Pulling fs layer|Already exists|Pull complete)$/;

export interface BuildProgress {
  /** Takes a line; gives the id of an image that this build has just made, in short. */
  line(line: string): string | null;
  /** Ends what is still open: the build went well. */
  end(): void;
  /** Whether the base is there and the image is being made: a second or so of work. */
  isPastBase(): boolean;
}

export function buildProgress(onProgress: OnProgress): BuildProgress {
  let open: string | null = null;
  /** The first image that the classic builder names is the base; one from its cache is not of this build. */
  let isBase = true;
  let isCached = false;
  const steps = new Map<string, string>();
  let isPastBase = false;
  const tell = (item: string, state: ProgressEvent['state'], note?: string): void => {
    isPastBase ||= !item.startsWith('1/');
    onProgress({ phase: 'engine', item, state, ...(note === undefined ? {} : { note }) });
  };
  const end = (): void => {
    if (open !== null) {
      tell(open, 'done', ...(isCached ? ['cached'] : []));
      open = null;
    }
  };
  return {
    end,
    isPastBase: () => isPastBase,
    line(line) {
      const step = /^Step (\d+\/\d+) : (.*)$/.exec(line);
      if (step !== null) {
        end();
        open = itemOf(step[1]!, step[2]!);
        isCached = false;
        tell(open, 'start');
        return null;
      }
      if (line === ' ---> Using cache') {
        isCached = true;
        return null;
      }
      const made = /^ ---> ([0-9a-f]{12})$/.exec(line);
      if (made !== null) {
        const isOurs = !isBase && !isCached;
        isBase = false;
        return isOurs ? made[1]! : null;
      }
      const pull = PULL.exec(line);
      if (pull !== null) {
        onProgress(pullEvent(pull[1]!, pull[2]!));
        return null;
      }
      buildKitLine(line, steps, tell);
      return null;
    },
  };
}

function itemOf(number: string, instruction: string): string {
  const text = `${number} ${instruction.replace(/\s+/g, ' ')}`;
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}

function pullEvent(item: string, words: string): ProgressEvent {
  return words === 'Pulling fs layer'
    ? { phase: 'base', item, state: 'start' }
    : words === 'Already exists'
      ? { phase: 'base', item, state: 'skipped', note: 'already there' }
      : { phase: 'base', item, state: 'done' };
}

/** `#6 [2/3] COPY …`, `#6 CACHED`, `#6 DONE 0.1s`; its own housekeeping is left out. */
function buildKitLine(
  line: string,
  steps: Map<string, string>,
  tell: (item: string, state: ProgressEvent['state'], note?: string) => void,
): void {
  const [, id = '', rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
  const step = /^\[(?:\S+ )?(\d+\/\d+)\] (.*)$/.exec(rest);
  if (step !== null && !steps.has(id)) {
    const item = itemOf(step[1]!, step[2]!);
    steps.set(id, item);
    tell(item, 'start');
    return;
  }
  const item = steps.get(id);
  if (item !== undefined && (rest === 'CACHED' || rest.startsWith('DONE '))) {
    tell(item, 'done', ...(rest === 'CACHED' ? ['cached'] : []));
  }
}

/** Gives each line of `docker push` to `onProgress`; keeps the digest that it ends with. */
export function pushProgress(onProgress: OnProgress): {
  readonly line: (line: string) => void;
  readonly digest: () => string | null;
} {
  let digest: string | null = null;
  return {
    digest: () => digest,
    line(line) {
      const layer = /^([0-9a-f]{12}): (Preparing|Pushed|Layer already exists|Mounted from (\S+))\s*$/.exec(
        line,
      );
      if (layer !== null) {
        const [, item = '', words = '', from] = layer;
        onProgress(
          words === 'Preparing'
            ? { phase: 'push', item, state: 'start' }
            : words === 'Pushed'
              ? { phase: 'push', item, state: 'done' }
              : {
                  phase: 'push',
                  item,
                  state: 'skipped',
                  note: from === undefined ? 'already there' : `mounted from ${from}`,
                },
        );
      }
      digest = /\bdigest: (sha256:[0-9a-f]{64}) size: \d+/.exec(line)?.[1] ?? digest;
    },
  };
}
