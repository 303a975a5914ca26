/**
 * Who is predicted when: predictions are work on one thread, so whoever waits waits for the work before it. Jobs wait in
 * a line that is worked off a little at a time; in between the sockets are read, so that the length of the line, and
 * with it the wait of whoever comes next, is known. Where the wait would be too long the job is refused at once.
 *
 * - A job that costs about as little as refusing it runs on arrival: queueing it would only add latency.
 * - A batch that takes more than one slice steps aside after its first: from then on it works one slice in turn with one
 *   slice of the line, so that it delays the others by a slice and is not starved by them.
 * - A burst is let in, up to `maxQueueMs` of waiting. Work offered above capacity uses the burst up and keeps it used
 *   up; from then on only what can start nearly at once is let in: a long line would not serve more, it would only make
 *   everybody wait. Of those that came together the last is taken: it has waited least in its socket.
 */
import type { Clock } from '../clock.ts';

export interface Job {
  /** Bytes of the body: how large it is, known before it is decoded. */
  readonly size: number;
  /** Whether nobody waits for the answer any more. */
  gone(): boolean;
  /** Works for about `SLICE_MS`; true when the job is done. Does not throw. */
  step(): boolean;
  /** Called instead of any step when there is no room: after that many seconds there may be. */
  refuse(waitSeconds: number): void;
}

export interface Admission {
  /** Runs, queues or refuses a job. */
  offer(job: Job): void;
  /**
   * Lets more waiting in for as long as the server itself takes the time that requests wait for, which is no overload: it
   * opens a new version.
   */
  lenient(on: boolean): void;
  /** Jobs that wait or are half done. */
  readonly waiting: number;
  /** Estimated work left of them. */
  readonly waitingMs: number;
}

/** A prediction cheaper than this is not worth refusing: reading a request and answering 429 costs as much. */
export const CHEAP_MS = 0.1;

/** How long a batch works before it lets another job in: long against the 10 µs of a change, short against a wait. */
export const SLICE_MS = 2;

/**
 * Waiting let in by a burst. As long as a pause of the machine or of garbage collection, whose arrivals come all at once
 * and are no overload; too short to be felt.
 */
export const DEFAULT_MAX_QUEUE_MS = 50;

/** Waiting let in while a new version is opened: the longest that opening some 10 MB on a busy core was seen to cause. */
const LENIENT_MS = 250;

/** A heavy model may queue this many requests in a burst, however long that takes: fewer would refuse honest traffic. */
const BURST_JOBS = 8;

/**
 * The same while a size is new: its first requests take up to a hundred times what the compiled code will, and judged by
 * them the first clients of a fast model, who come at once, would be refused.
 */
const NEW_JOBS = 32;

/** Requests of one size that are measured before it is judged: the shortest of them is near enough. */
const NEW_UNTIL = 4;

/** Work done before the sockets are read again: reading them costs some 10 µs, which is then 2 %. */
const TURN_MS = 0.5;

/**
 * Under lasting overload a job is let in while the line holds less than this much of its own cost: it then starts next.
 * The requests that came in during one job are read together when it is done, so there is always one to start.
 */
const STRICT_JOBS = 0.5;

/** How long overload is remembered after it ended, in work: pauses of the sender do not start a burst anew. */
const MEMORY_MS = 100;

interface Entry {
  readonly job: Job;
  /** Estimated work of the first step, and of what follows it: 0 for a job of one step. */
  readonly firstMs: number;
  restMs: number;
  /** Work done in the first step, and after it. */
  spentFirstMs: number;
  spentRestMs: number;
}

/** Makes an empty queue. `defer` calls back after the sockets were read. */
export function createAdmission(
  clock: Clock,
  maxQueueMs: number = DEFAULT_MAX_QUEUE_MS,
  defer: (callback: () => void) => void = setImmediate,
): Admission {
  let patienceMs = maxQueueMs;
  const costs = createCosts();
  const line: Entry[] = [];
  const batches: Entry[] = [];
  const offeredJobs = createOffered(clock);
  const offeredBatches = createOffered(clock);
  // Whether work was done, or is due, since the sockets were last read.
  let turnOpen = false;

  const start = (job: Job, firstMs: number, restMs: number): void => {
    const from = clock.now();
    const done = job.step();
    const took = clock.now() - from;
    if (done) {
      costs.learn(job.size, took, 0);
    } else {
      batches.push({ job, firstMs, restMs: Math.max(restMs, SLICE_MS), spentFirstMs: took, spentRestMs: 0 });
    }
  };

  const advance = (entry: Entry): void => {
    const { job } = entry;
    const from = clock.now();
    const done = job.gone() || job.step();
    const took = clock.now() - from;
    entry.spentRestMs += took;
    // More than was thought is left when the estimate is used up; one slice more is the least it can be.
    entry.restMs = Math.max(entry.restMs - took, SLICE_MS);
    if (done) {
      batches.shift();
      if (!job.gone()) {
        costs.learn(job.size, entry.spentFirstMs, entry.spentRestMs);
      }
    }
  };

  const turn = (): void => {
    if (line.length === 0 && batches.length === 0) {
      turnOpen = false;
      return;
    }
    const from = clock.now();
    do {
      const entry = line.shift();
      if (entry !== undefined && !entry.job.gone()) {
        start(entry.job, entry.firstMs, entry.restMs);
      }
    } while (line.length > 0 && clock.now() - from < (batches.length > 0 ? SLICE_MS : TURN_MS));
    if (batches[0] !== undefined) {
      advance(batches[0]);
    }
    defer(turn);
  };

  const openTurn = (): void => {
    if (!turnOpen) {
      turnOpen = true;
      defer(turn);
    }
  };

  return {
    lenient(on) {
      patienceMs = on ? Math.max(maxQueueMs, LENIENT_MS) : maxQueueMs;
    },
    offer(job) {
      const { size } = job;
      const firstMs = costs.first(size);
      const restMs = costs.rest(size);
      const costMs = firstMs + restMs;
      if (costMs < CHEAP_MS) {
        start(job, firstMs, restMs);
        if (batches.length > 0) {
          openTurn();
        }
        return;
      }
      const isBatch = restMs > 0;
      // By what is known now: of those that came first, less was known.
      const lineMs = line.reduce((sum, { job: { size: bytes } }) => sum + costs.first(bytes), 0);
      const aheadMs = isBatch ? lineMs + restOf(line) + restOf(batches) : lineMs;
      const slicesMs = isBatch || batches.length === 0 ? 0 : lineMs + SLICE_MS;
      const waitSeconds = Math.max(1, Math.ceil((aheadMs + slicesMs) / 1000));
      const isNew = costs.isNew(size);
      const burstMs = Math.max(patienceMs, (isNew ? NEW_JOBS : BURST_JOBS) * costMs);
      // What is not known yet says nothing about overload.
      const overloaded = !isNew && (isBatch ? offeredBatches : offeredJobs).add(costMs, burstMs);
      if (aheadMs + slicesMs > burstMs) {
        job.refuse(waitSeconds);
        return;
      }
      const strictMs = Math.max(TURN_MS, STRICT_JOBS * costMs);
      if (overloaded && aheadMs > strictMs) {
        const oldest = isBatch || aheadMs > strictMs + costMs ? undefined : line.shift();
        if (oldest === undefined) {
          job.refuse(waitSeconds);
          return;
        }
        oldest.job.refuse(waitSeconds);
      }
      if (turnOpen) {
        line.push({ job, firstMs, restMs, spentFirstMs: 0, spentRestMs: 0 });
      } else {
        // Others may lie unread in the sockets: what comes before the end of this turn waits for it.
        openTurn();
        start(job, firstMs, restMs);
      }
    },
    get waiting() {
      return line.length + batches.length;
    },
    get waitingMs() {
      return line.reduce((sum, entry) => sum + entry.firstMs, 0) + restOf(line) + restOf(batches);
    },
  };
}

function restOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.restMs, 0);
}

interface Offered {
  /** Adds offered work; true when what was offered lately, refused or not, is more than time and a burst can pay for. */
  add(ms: number, burstMs: number): boolean;
}

/** The line there would be if nothing were refused, as far as it is remembered. */
function createOffered(clock: Clock): Offered {
  let dueMs = 0;
  let at = clock.now();
  return {
    add(ms, burstMs) {
      const now = clock.now();
      dueMs = Math.min(Math.max(0, dueMs - (now - at)) + ms, burstMs + MEMORY_MS);
      at = now;
      return dueMs > burstMs;
    },
  };
}

interface Costs {
  /** Milliseconds that the first step of a body of that many bytes will take. */
  first(size: number): number;
  /** Milliseconds of the steps after the first; 0 for jobs of one step. */
  rest(size: number): number;
  learn(size: number, firstMs: number, restMs: number): void;
  /** Whether too few of that size were measured to judge by. */
  isNew(size: number): boolean;
}

/** Weight of the newest measure in the running mean: it follows a change within some 20 requests. */
const NEWEST = 0.05;

/** Requests of one size before their mean is trusted. */
const WARM_UP = 32;

/** Running means of the cost by power of two of the size: no formula of the size fits every model. */
function createCosts(): Costs {
  const firsts = new Float64Array(32);
  const rests = new Float64Array(32);
  const counts = new Float64Array(32);
  // A size not met yet costs as the next smaller one that was, else as the next larger one.
  const place = (size: number): number => {
    const own = 31 - Math.clz32(size | 1);
    if (counts[own]! > 0) {
      return own;
    }
    for (let away = 1; away < 32; away++) {
      if (counts[own - away]! > 0) {
        return own - away;
      }
      if (counts[own + away]! > 0) {
        return own + away;
      }
    }
    return own;
  };
  const update = (means: Float64Array, at: number, ms: number): void => {
    const mean = means[at]!;
    const n = counts[at]!;
    if (n === 1) {
      means[at] = ms;
    } else if (n <= WARM_UP) {
      // The code is still being compiled: the shortest time is nearest to what it will take.
      means[at] = Math.min(mean, ms);
    } else {
      // One long pause of the machine must not look like a slow model.
      means[at] = mean + (Math.min(ms, 4 * mean + 1) - mean) * NEWEST;
    }
  };
  return {
    first(size) {
      const at = place(size);
      // The very first requests wait for each other, but none is refused for what is not known.
      return counts[at] === 0 ? CHEAP_MS : firsts[at]!;
    },
    rest: (size) => rests[place(size)]!,
    isNew: (size) => counts[place(size)]! < NEW_UNTIL,
    learn(size, firstMs, restMs) {
      const at = 31 - Math.clz32(size | 1);
      counts[at]! += 1;
      update(firsts, at, firstMs);
      update(rests, at, restMs);
    },
  };
}
