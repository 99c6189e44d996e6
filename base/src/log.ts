/**
 * Diagnostic log: one line per fact, a constant lower-case message, facts as fields. Never bodies, never secrets.
 * `server` passes pino, tests pass `silentLog` or `recordingLog`.
 */
export interface Log {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
  child(facts: object): Log
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly facts: object
}

/** Keeps what was logged, for tests that assert on it. */
export function recordingLog(lines: LogLine[] = [], bound: object = {}): Log & { readonly lines: readonly LogLine[] } {
  const at = (level: LogLine['level']) => (facts: object, message: string) => {
    lines.push({ level, message, facts: { ...bound, ...facts } })
  }
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (facts) => recordingLog(lines, { ...bound, ...facts }),
  }
}
