import { matchesCommand, splitCommand } from './command-pattern.ts'
import type { ArgumentPattern, CommandRule } from './document.ts'
import { readId, readToken, readWhen, rulesOf } from './parse-rule.ts'
import type { Place, Reading } from './reading.ts'

const keys = ['id', 'effect', 'argv', 'when', 'match', 'not_match', 'reason'] as const

export const readCommands = (reading: Reading, place: Place): readonly CommandRule[] =>
  rulesOf(reading, place, readCommand)

function readCommand(reading: Reading, place: Place): CommandRule | null {
  const fields = reading.fields(place, keys)
  if (fields === null) return null
  if (fields.effect.node === null) reading.error(place, 'effect is missing', 'effect: deny, ask or allow')
  const match = reading.texts(fields.match)
  const notMatch = reading.texts(fields.not_match)
  const rule: CommandRule = {
    id: readId(reading, place, fields.id),
    effect: reading.oneOf(fields.effect, ['allow', 'deny', 'ask'], 'deny') ?? 'deny',
    argv: readArgv(reading, place, fields.argv),
    when: readWhen(reading, fields.when),
    match: match.map(({ text }) => text),
    not_match: notMatch.map(({ text }) => text),
    reason: readToken(reading, fields.reason),
  }
  for (const example of match) holdExample(reading, rule, example, true)
  for (const example of notMatch) holdExample(reading, rule, example, false)
  return rule
}

function readArgv(reading: Reading, rule: Place, place: Place): readonly ArgumentPattern[] {
  const argv = reading.list(place).flatMap((item) => readArgument(reading, item) ?? [])
  if (typeof argv[0] !== 'string') {
    reading.error(place.node === null ? rule : place, 'argv does not begin with a program', 'argv: [git, push]')
  }
  return argv
}

function readArgument(reading: Reading, place: Place): ArgumentPattern | null {
  if (place.node !== null && 'items' in place.node) {
    const fields = reading.fields(place, ['any', 'not'])
    if (fields === null) return null
    const any = reading.texts(fields.any).map(({ text }) => text)
    const not = reading.texts(fields.not).map(({ text }) => text)
    if ((any.length === 0) === (not.length === 0)) return reading.error(place, 'either any or not, with words')
    return any.length > 0 ? { any } : { not }
  }
  const word = reading.text(place)
  return word === '' ? reading.error(place, 'an empty word matches nothing', 'write * for any word') : word
}

/** What a rule is said to match is tried when the policy is read, so that nobody finds out later. */
function holdExample(
  reading: Reading,
  rule: CommandRule,
  { place, text }: { readonly place: Place; readonly text: string },
  expected: boolean,
): void {
  const words = splitCommand(text)
  if (words === null || words.length === 0) reading.error(place, 'not a command line')
  else if (matchesCommand(rule.argv, words[0]!, words) !== expected) {
    reading.error(place, `the rule ${rule.id} ${expected ? 'does not match' : 'matches'} this command`)
  }
}
