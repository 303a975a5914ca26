/** Times as people say them. JSON has them in ISO 8601. */

const UNITS = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [86_400, 3600, 'h'],
  [30 * 86_400, 86_400, 'd'],
] as const;

/** `just now`, `12 s ago`, `3 h ago`; after 30 days, and for what is to come, the day. Both in milliseconds since 1970. */
export function ago(at: number, now: number): string {
  const seconds = Math.floor((now - at) / 1000);
  // Clocks of two machines differ by a little.
  if (seconds < 2 && seconds > -60) {
    return 'just now';
  }
  const unit = UNITS.find(([below]) => seconds < below);
  return seconds < 0 || unit === undefined
    ? new Date(at).toISOString().slice(0, 10)
    : `${Math.floor(seconds / unit[1])} ${unit[2]} ago`;
}
