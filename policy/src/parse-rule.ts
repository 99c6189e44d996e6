import type { Place, Reading } from './reading.ts'

/** What rules of all kinds have: an id, a condition on the program, a reason. */

/** Every rule is known by its id: in records, in denials, in tests. */
export function rulesOf<T extends { readonly id: string }>(
  reading: Reading,
  list: Place,
  read: (reading: Reading, place: Place) => T | null,
): readonly T[] {
  const seen = new Set<string>()
  return reading.list(list).flatMap((place) => {
    const rule = read(reading, place)
    if (rule === null) return []
    if (seen.has(rule.id)) reading.error(place, `another rule has the id ${rule.id}`, 'give each rule an id of its own')
    seen.add(rule.id)
    return [rule]
  })
}

export function readId(reading: Reading, rule: Place, place: Place): string {
  if (place.node === null) return reading.error(rule, 'id is missing', 'every rule has an id') ?? ''
  const id = reading.text(place)
  if (id === null) return ''
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) reading.error(place, 'an id is letters, digits, -, . and _')
  if (id === 'default') reading.error(place, 'default stands for what no rule is about', 'choose another id')
  return id
}

/** A token and never free text: what a denial says is read by a model. */
export function readToken(reading: Reading, place: Place): string | null {
  if (place.node === null) return null
  const token = reading.text(place)
  if (token === null || /^[A-Za-z0-9._-]{1,64}$/.test(token)) return token
  return reading.error(place, 'a reason is one word of letters, digits, -, . and _', 'for example use-the-gateway')
}

/** Programs by their whole path: the name alone would be true of a file that the agent wrote. */
export function readWhen(reading: Reading, place: Place): { readonly exe: readonly string[] } | null {
  if (place.node === null) return null
  const fields = reading.fields(place, ['exe'])
  if (fields === null) return null
  const exe = reading.texts(fields.exe)
  if (exe.length === 0) reading.error(place, 'when names no program', 'when: { exe: [/usr/bin/psql] }')
  for (const { place: at, text } of exe) {
    if (!/^(\/|\*\*\/)/.test(text)) reading.error(at, `"${text}" is not a whole path`, `write ${example(text)}`)
  }
  return { exe: exe.map(({ text }) => text) }
}
const example = (text: string) => `/usr/bin/${text} or **/${text}`
