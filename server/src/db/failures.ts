import { Fault } from '@reeve/base'

/** The five-character SQLSTATE that PostgreSQL gave for an error, or null when the error is not from there. */
export function sqlState(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return null
  return /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : null
}

/** Whether a write was refused because a row with the same key exists; of the named unique index, when one is named. */
export function isUniqueViolation(thrown: unknown, index?: string): boolean {
  if (sqlState(thrown) !== '23505') return false
  return index === undefined || (thrown instanceof Error && 'constraint' in thrown && thrown.constraint === index)
}

/**
 * Whether the database did not answer at all, as opposed to having answered with a refusal: nothing can be concluded
 * about the statement, and the same statement may work later.
 */
export function isOutage(thrown: unknown): boolean {
  if (thrown instanceof Fault) return thrown.code === 'unavailable'
  const state = sqlState(thrown)
  // Classes 08 connection, 53 resources, 57P shutdown, 58 system; 25P03 and 57014 are our own timeouts.
  if (state !== null) return /^(08|53|57P|58|57014|25P03|55P03)/.test(state)
  if (!(thrown instanceof Error)) return false
  if ('code' in thrown && typeof thrown.code === 'string') return outageCodes.has(thrown.code)
  return outageMessages.some((message) => thrown.message.includes(message))
}

const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** `pg` has no codes for these. */
const outageMessages = [
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
]
