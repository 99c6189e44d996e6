import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setJson } from './json-edit.ts'

const edit = (text: string, trailingCommas = false) =>
  setJson({ file: 'settings.json', text, trailingCommas }, [[['security', 'auth', 'type'], 'key']])

test.each([
  ['nothing', '', '{\n  "security": {\n    "auth": {\n      "type": "key"\n    }\n  }\n}\n'],
  ['one line', '{"ui": {"theme": "dark"}}', '{"ui": {"theme": "dark"}, "security": {"auth":{"type":"key"}}}'],
  [
    'comments, an order and an indentation of its own',
    '// top\n{\n\t"z": 1, // last\n\t/* why */\n\t"a": [1, 2] // first\n\t// end\n}\n',
    '// top\n{\n\t"z": 1, // last\n\t/* why */\n\t"a": [1, 2], // first\n\t// end\n\t"security": {\n\t\t"auth": {\n\t\t\t"type": "key"\n\t\t}\n\t}\n}\n',
  ],
  [
    'another value',
    '{\n  "security": {"auth": {"type": "oauth" /* was */, "x": 1}}\n}',
    '{\n  "security": {"auth": {"type": "key" /* was */, "x": 1}}\n}',
  ],
  [
    'a block with others in it, on lines that end as on Windows',
    '{\r\n  "security": {\r\n    "folderTrust": {}\r\n  }\r\n}\r\n',
    '{\r\n  "security": {\r\n    "folderTrust": {},\r\n    "auth": {\r\n      "type": "key"\r\n    }\r\n  }\r\n}\r\n',
  ],
  [
    'only a comment',
    '{\n  // nothing yet\n}\n',
    '{\n  // nothing yet\n  "security": {\n    "auth": {\n      "type": "key"\n    }\n  }\n}\n',
  ],
  ['a comment in one line', '{ /* none */ }', '{ /* none */ "security": {"auth":{"type":"key"}} }'],
])('%s: what is to be there is, and the rest as it was', (_, before, after) => {
  expect(edit(before).text).toBe(after)
  expect(edit(after)).toEqual({ text: after, names: [] })
})

test('a comma behind the last member stays one where the agent takes it, and is refused where not', () => {
  const text = '{\n  "a": 1, // one\n}\n'
  expect(edit(text, true).text).toBe(
    '{\n  "a": 1, // one\n  "security": {\n    "auth": {\n      "type": "key"\n    }\n  },\n}\n',
  )
  expect(() => edit(text)).toThrow('settings.json, line 3: this is not JSON')
})

test.each([
  ['{\n  "a": \n}', 'settings.json, line 3: this is not JSON'],
  ['{"a": 1}\n{}', 'settings.json, line 2: this is not JSON'],
  ['{"a": "\n"}', 'settings.json, line 1: this is not JSON'],
  ['[]', 'settings.json, line 1: this does not hold settings'],
  ['"x"', 'settings.json, line 1: this does not hold settings'],
  ['// only this', 'settings.json'],
  ['{\n  "security": 3\n}', 'settings.json, line 2: "security" is not a block of settings'],
  ['{\n  "security": {\n    "auth": []}\n}', 'settings.json, line 3: "security.auth" is not a block of settings'],
  ['{"security": {"auth": {"type": "a", "type": "b"}}}', 'settings.json: security.auth.type cannot be set'],
])('%j is refused, and it is said where', (text, message) => {
  expect(() => edit(text)).toThrow(message)
})

test('whatever else is in there is there afterwards', () => {
  const settings = fc.dictionary(fc.string(), fc.jsonValue()).filter((one) => !('security' in one))
  fc.assert(
    fc.property(settings, fc.constantFrom(undefined, 1, 2, '\t'), (before, indentation) => {
      const after = JSON.parse(edit(JSON.stringify(before, null, indentation)).text)
      const wanted = { ...JSON.parse(JSON.stringify(before)), security: { auth: { type: 'key' } } }
      expect(JSON.stringify(after)).toBe(JSON.stringify(wanted))
    }),
  )
})
