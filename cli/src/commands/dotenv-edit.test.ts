import { expect, test } from 'vitest'
import { dotenvValues, setDotenv } from './dotenv-edit.ts'

const edit = (text: string) => setDotenv(text, { URL: 'http://127.0.0.1:3000/x', KEY: 'rv_x' })

test.each([
  ['nothing', '', 'URL=http://127.0.0.1:3000/x\nKEY=rv_x\n'],
  ['others without a newline', '# mine\nA=1', '# mine\nA=1\nURL=http://127.0.0.1:3000/x\nKEY=rv_x\n'],
  [
    'other values, quotes and comments',
    'export KEY = "old"  # mine\r\nA=1\r\nURL=\r\n',
    'export KEY=rv_x  # mine\r\nA=1\r\nURL=http://127.0.0.1:3000/x\r\n',
  ],
  ['one name twice, of which the last one counts', 'KEY=a\nKEY=b\n', 'KEY=a\nKEY=rv_x\nURL=http://127.0.0.1:3000/x\n'],
  [
    'a text of several lines that looks like variables',
    "A='\nKEY=a\n'\n",
    "A='\nKEY=a\n'\nURL=http://127.0.0.1:3000/x\nKEY=rv_x\n",
  ],
])('%s: what is to be there is, and the rest as it was', (_, before, after) => {
  expect(edit(before).text).toBe(after)
  expect(edit(after)).toEqual({ text: after, names: [] })
})

test('a value that would be cut short is put in quotes, and one that no quotes hold is refused', () => {
  const { text } = setDotenv('', { KEY: 'a #b' })
  expect(dotenvValues(text).get('KEY')).toBe('a #b')
  expect(() => setDotenv('', { KEY: "a'b" })).toThrow('the value of KEY has a quote or a line break in it')
})
