import { Fault, parseDuration } from '@reeve/base'
import type { Context } from '../context.ts'
import { readInstant } from '../instants.ts'

export interface FilterInput {
  readonly filter: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** The filter that the API takes, of what was typed and the times that were given, under the API's names for them. */
export function filterQuery(
  context: Context,
  input: FilterInput,
  names: { since: string; until: string },
): { q?: string } {
  const since = input.since === undefined ? null : readTime(context, '--since', input.since)
  const until = input.until === undefined ? null : readTime(context, '--until', input.until)
  if (since !== null && until !== null && since >= until) throw new Fault('invalid', '--since is not before --until')
  const terms = [
    input.filter ?? '',
    since === null ? '' : `${names.since}:${since.toISOString()}`,
    until === null ? '' : `${names.until}:${until.toISOString()}`,
  ].filter((term) => term.trim() !== '')
  return terms.length === 0 ? {} : { q: terms.join(' ') }
}

/** What was typed for a flag that says when. */
export function readTime({ io, timeZone }: Context, flag: string, text: string): Date {
  try {
    return readInstant(text, io.clock.now(), timeZone, parseDuration)
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    throw new Fault('invalid', `${flag}: ${thrown.message}`, thrown.fix === undefined ? {} : { fix: thrown.fix })
  }
}
