import { PassThrough } from 'node:stream'
import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { openLog } from './start-log.ts'

function logged(format: 'text' | 'json', verbose = false) {
  const stream = new PassThrough({ encoding: 'utf8' })
  const opened = openLog(format, verbose, stream)
  return { ...opened, text: () => String(stream.read() ?? '') }
}

const hostile = '\u001b[2J\r\n{"level":"error"}\u202e'

test('a line of JSON is one line, whatever is in it, and shows no secret', () => {
  const { log, text } = logged('json')
  log.child({ requestId: 'r' }).warn({ agent: hostile, key: new Secret('canary') }, 'something')
  const lines = text().trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'warn',
    requestId: 'r',
    agent: hostile,
    key: '[secret]',
    msg: 'something',
  })
})

test('a line of text cannot be forged, and cannot move the cursor', () => {
  const { log, text, announced } = logged('text')
  announced()
  log.info({ agent: hostile }, 'something')
  const line = text()
  expect(line).toMatch(/^\d\d:\d\d:\d\d info  something  agent="/)
  expect(line.trimEnd()).not.toMatch(/[\u0000-\u001f\u202e]/)
})

test('in text, the summary of the start stands alone but for warnings', () => {
  const { log, text, announced } = logged('text')
  log.info({}, 'step')
  log.warn({}, 'trouble')
  expect(text()).toMatch(/^\S+ warn {2}trouble\n$/)
  announced()
  log.info({}, 'step')
  expect(text()).toMatch(/step\n$/)
})

test('details are logged when asked for', () => {
  const quiet = logged('json')
  quiet.log.debug({}, 'detail')
  expect(quiet.text()).toBe('')
  const verbose = logged('text', true)
  verbose.log.debug({}, 'detail')
  expect(verbose.text()).toContain('debug detail')
})
