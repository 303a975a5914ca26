/** The logger: one JSON line per event on stderr, because stdout carries a command's answer. */
import pino from 'pino';

export type Logger = pino.Logger;

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Opens a logger on stderr. Writes are synchronous, so that the last line before an exit is not lost. */
export function createLogger(level: LogLevel = 'info'): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
