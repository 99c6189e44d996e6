import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Scan, scanObject, type ScanRules } from './scan.ts'

const rules: ScanRules = { decisive: ['model', 'stream', 'metadata', 'messages'], elementsOf: 'messages' }
const scan = (text: string | Buffer) => scanObject(Buffer.from(text), rules)

function found(text: string | Buffer): Scan {
  const result = scan(text)
  if (!result.ok) throw new Error(result.problem)
  return result.scan
}

const problem = (text: string | Buffer) => {
  const result = scan(text)
  return result.ok ? null : result.problem
}

test('members and message elements are found where JSON.parse finds them', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 40 }), fc.jsonValue()),
      fc.array(fc.jsonValue(), { maxLength: 6 }),
      fc.constantFrom(undefined, 1, '\t'),
      (others, messages, indent) => {
        const value = Object.fromEntries([
          ...Object.entries(others).filter(([key]) => !rules.decisive.includes(key.toUpperCase().toLowerCase())),
          ['messages', messages],
        ])
        const bytes = Buffer.from(JSON.stringify(value, null, indent))
        const { members, elements } = found(bytes)
        const read = (range: { from: number; to: number }): unknown =>
          JSON.parse(bytes.toString('utf8', range.from, range.to))
        expect(members.map((member) => [member.key, read(member)])).toEqual(
          Object.entries(JSON.parse(bytes.toString())),
        )
        expect(elements.map(read)).toEqual(JSON.parse(JSON.stringify(messages)))
      },
    ),
  )
})

test('what JSON.parse refuses is refused, strings and numbers aside', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom(',', '}', ']', '{', '"', '/', "'", 'N', ''),
      (value, spot, char) => {
        const text = JSON.stringify({ a: value })
        const at = spot % text.length
        const hurt = text.slice(0, at) + char + text.slice(at + 1)
        const accepted = ((): boolean => {
          try {
            JSON.parse(hurt)
            return true
          } catch {
            return false
          }
        })()
        // What is inside a string is not looked at, so a bad escape may pass; nothing good may be refused.
        if (accepted) expect(problem(hurt)).toBeNull()
        else if (!hurt.includes('\\')) expect(problem(hurt)).not.toBeNull()
      },
    ),
  )
})

test('a scan that starts from an earlier one finds what a whole scan finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.jsonValue(),
      fc.boolean(),
      (old, added, tools, toolsFirst) => {
        const body = (messages: unknown[], last: unknown) =>
          Buffer.from(
            JSON.stringify(toolsFirst ? { model: 'm', tools, messages, last } : { model: 'm', messages, tools, last }),
          )
        const before = body(old, 1)
        const after = body([...old, ...added], 12)
        let prefixBytes = 0
        while (prefixBytes < before.length && before[prefixBytes] === after[prefixBytes]) prefixBytes++
        for (const shared of [prefixBytes, prefixBytes >> 1, 0]) {
          const resumed = scanObject(after, rules, { scan: found(before), prefixBytes: shared })
          expect(resumed).toEqual(scanObject(after, rules))
        }
      },
    ),
  )
})

test('a decisive key that occurs twice is ambiguous, also when an escape hides it', () => {
  expect(problem('{"model":"a","model":"b"}')).toMatch(/"model" more than once/)
  expect(problem('{"model":"a","mod\\u0065l":"b"}')).toMatch(/more than once/)
  expect(problem('{"mod\\u0065l":"a"}')).toBeNull()
})

test('a key that occurs twice in one object is ambiguous, wherever the object lies', () => {
  expect(problem('{"y":1,"y":2}')).toMatch(/"y" more than once/)
  expect(problem('{"x":{"model":1,"model":2}}')).toMatch(/"model" more than once in one object/)
  expect(problem('{"messages":[{"role":"user","content":[{"text":"a","type":"text","text":"b"}]}]}')).toMatch(/"text"/)
  expect(problem('{"x":{"model":1,"mod\\u0065l":2}}')).toMatch(/more than once/)
  expect(problem('{"x":{"mod\\u0065l":1,"model":2}}')).toMatch(/more than once/)
  expect(problem('{"x":{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}}')).toBeNull()
  expect(problem('{"x":{"\\u00e9":1,"\\"":2,"e":3}}')).toBeNull()
  const keys = Array.from({ length: 2_000 }, (_, number) => `"k${number}":1`)
  expect(problem(`{"x":{${keys.join()}}}`)).toBeNull()
  expect(problem(`{"x":{${keys.join()},"k1":1}}`)).toMatch(/"k1"/)
})

test('a key is found twice exactly where a parser finds fewer keys than there are', () => {
  const key = fc.oneof(fc.constantFrom('a', 'b', 'A', 'aa', '\u00e9', '__proto__'), fc.string({ maxLength: 3 }))
  const spelled = key.chain((name) => fc.constantFrom(JSON.stringify(name), `"${Array.from(name, escaped).join('')}"`))
  fc.assert(
    fc.property(fc.array(spelled, { maxLength: 40 }), (keys) => {
      const names = new Set(keys.map((spelling) => String(JSON.parse(spelling))))
      const text = `{"x":[{${keys.map((spelling) => `${spelling}:1`).join()}}]}`
      expect(problem(text) === null).toBe(names.size === keys.length)
    }),
  )
})

function escaped(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}

test('a decisive key in another case is ambiguous, since some parsers fold case', () => {
  expect(problem('{"Model":"a"}')).toMatch(/spelling/)
  expect(problem('{"\u017Ftream":true}')).toMatch(/spelling/)
  expect(problem('{"mode":"a","models":1}')).toBeNull()
})

test('a duplicate is found when the first of the two was scanned with an earlier body', () => {
  const before = Buffer.from('{"model":"a","messages":[1],"x":1}')
  const after = Buffer.from('{"model":"a","messages":[1],"model":"b"}')
  expect(scanObject(after, rules, { scan: found(before), prefixBytes: 29 })).toMatchObject({ ok: false })
})

test('comments, trailing commas, single quotes, NaN, byte order marks and UTF-16 are refused', () => {
  const bad = [
    '',
    ' ',
    '[]',
    '"a"',
    '1',
    '{',
    '{}}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":NaN}',
    '{/**/}',
    '{"a":1}//',
    '{"a" 1}',
    '{"a":[1,]}',
    '{"a":01}',
    '{"a":+1}',
  ]
  for (const text of bad) expect(problem(text), text).not.toBeNull()
  expect(problem(Buffer.from('\uFEFF{}'))).not.toBeNull()
  expect(problem(Buffer.from('{}', 'utf16le'))).not.toBeNull()
})

test('a depth bomb is refused and numbers that no double holds are not', () => {
  expect(problem(`{"a":${'['.repeat(100_000)}`)).toMatch(/nested deeper/)
  expect(problem(`{"a":${'['.repeat(400)}${']'.repeat(400)}}`)).toBeNull()
  expect(problem('{"a":1e400,"b":9223372036854775809}')).toBeNull()
})
