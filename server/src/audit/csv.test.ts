import { manualClock, uuidv7 } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvHeader, csvLine } from './csv.ts'
import type { AuditRow } from './queries.ts'
import { auditRow } from './testing.ts'

/** What comes of a target, as a reader of RFC 4180 sees it. */
const read = (resource_target: string): string | undefined => cellsOf({ resource_target })['resource_target']

function cellsOf(given: Partial<AuditRow>): Record<string, string> {
  const [names = [], cells = []] = parse(csvHeader() + csvLine(auditRow(given)))
  expect(cells).toHaveLength(names.length)
  return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']))
}

/** RFC 4180, by the letter: anything that it does not allow is thrown at. */
function parse(text: string): string[][] {
  const lines: string[][] = []
  let cells: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text)
    if (found === null) throw new Error('not RFC 4180')
    const [, quoted, bare, end] = found
    cells.push(quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    lines.push(cells)
    cells = []
  }
  return lines
}

test('commas, quotes and line ends stay in their cell', () => {
  for (const text of ['a,b', 'say "no"', '"', '""', 'a\r\nb', 'a\nb', 'é漢😀', '', ' a ', 'a;b', "it's"]) {
    expect(read(text), JSON.stringify(text)).toBe(text)
  }
})

test('what a spreadsheet would take for a formula gets an apostrophe in front', () => {
  const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '|cmd', ' =1', '\t=1', '\t', '\r=1', '\n=1', '\t1', '\u00a0=1']
  const wide = ['＝1+1', '＋1', '－1', '＠SUM', '﹦1', '﹢1', '\u22121', '\u3000＝1', '｜cmd']
  const hidden = ['\u00ad=1', '\ufeff=1', '\u2060=1']
  for (const text of [...formulas, ...wide, ...hidden]) expect(read(text), JSON.stringify(text)).toBe(`'${text}`)
  expect(read('\u200b=1')).toBe("'\\u200b=1")
  expect(read('a=1')).toBe('a=1')
  expect(read('{"a":-1}')).toBe('{"a":-1}')
})

test('numbers stay numbers, nothing stays empty, and a diff is JSON', () => {
  const cells = cellsOf({ seq: 7, reason: null, diff: { name: { old: null, new: '=1,"x"\r\n', secret: false } } })
  expect(cells).toMatchObject({
    seq: '7',
    reason: '',
    diff: '{"name":{"old":null,"new":"=1,\\"x\\"\\r\\n","secret":false}}',
  })
})

test('what would drive a terminal or turn text around is written out', () => {
  expect(read('a\u001b[2Jb\u202ec\u0085')).toBe('a\\u001b[2Jb\\u202ec\\u0085')
})

test('no text whatever breaks out of its cell, begins like a formula or is lost', () => {
  const clock = manualClock('2026-11-21T00:00:00Z')
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'=+-@|＝＠\t\r\n",; a') }))
  fc.assert(
    fc.property(text, text, (target, reason) => {
      const id = uuidv7(clock.now())
      const cells = cellsOf({ id, resource_target: target, reason })
      expect(cells['id']).toBe(id)
      expect(cells['resource_target']).not.toMatch(/^[\s\p{C}]*[=+\-@|＝＋－＠]/u)
      expect(cells['resource_target']).not.toMatch(/^[\t\r\n]/)
      // oxlint-disable-next-line no-control-regex
      if (!/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(reason))
        expect(cells['reason']?.replace(/^'/, '')).toBe(reason.replace(/^'/, ''))
    }),
  )
})
