/** Where time comes from: passed in wherever a duration decides something, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since an arbitrary start, with fractions; never goes back. */
  now(): number;
}

export const systemClock: Clock = { now: () => performance.now() };
