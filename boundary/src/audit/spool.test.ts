import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseEvent } from './line.ts'
import { type SpoolFile, type SpoolFiles, nodeSpoolFiles } from './spool-files.ts'
import { SpoolReader } from './spool-reader.ts'
import { manualTime, netFact, scratchDirectory, testRecorder } from './testing.ts'

function seqsIn(directory: string): number[] {
  const reader = new SpoolReader(directory)
  const seqs = reader.next().map(({ seq }) => seq)
  reader.close()
  return seqs
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)

/** The real file system with a hole in it: `fails` is asked before each operation for the code of its error. */
function breaking(directory: string, fails: (operation: keyof SpoolFile | 'create') => string | null): SpoolFiles {
  const real = nodeSpoolFiles(directory)
  const check = (operation: keyof SpoolFile | 'create') => {
    const code = fails(operation)
    if (code !== null) throw Object.assign(new Error(code), { code })
  }
  return {
    ...real,
    create(name) {
      check('create')
      const file = real.create(name)
      return {
        ...file,
        async append(bytes) {
          const code = fails('append')
          if (code === null) return file.append(bytes)
          if (code === 'short') return file.append(bytes.subarray(0, Math.max(1, bytes.length >> 1)))
          await file.append(bytes.subarray(0, bytes.length >> 1))
          throw Object.assign(new Error(code), { code })
        },
        async datasync() {
          check('datasync')
          await file.datasync()
        },
      }
    },
  }
}

test('many lines at once are few writes and one sync, and nobody else may read them', async () => {
  using scratch = scratchDirectory()
  const calls: string[] = []
  const files = breaking(scratch.path, (operation) => (calls.push(operation), null))
  await using recorder = testRecorder(scratch.path, { spoolOptions: { files } })
  for (let i = 0; i < 200; i++) recorder.record(netFact('allow'))
  await recorder.flush()
  expect(calls).toEqual(['create', 'append', 'datasync'])
  const [name] = readdirSync(scratch.path)
  expect(statSync(join(scratch.path, name!)).mode & 0o777).toBe(0o600)
  expect(seqsIn(scratch.path)).toEqual(upTo(200))
})

test('without a flush a line is durable 20 ms later', async () => {
  using scratch = scratchDirectory()
  const { clock, timers, advance } = manualTime()
  const calls: string[] = []
  const files = breaking(scratch.path, (operation) => (calls.push(operation), null))
  await using recorder = testRecorder(scratch.path, { spoolOptions: { files, clock, timers } })
  recorder.record(netFact('deny'))
  await expect.poll(() => calls).toEqual(['create', 'append'])
  await expect.poll(async () => (await advance(20), calls)).toEqual(['create', 'append', 'datasync'])
})

test('after a failed sync the file is left, and its lines stand in the next one', async () => {
  using scratch = scratchDirectory()
  let fail = false
  const files = breaking(scratch.path, (operation) => (fail && operation === 'datasync' ? 'EIO' : null))
  await using recorder = testRecorder(scratch.path, { spoolOptions: { files } })
  recorder.record(netFact('allow'))
  await recorder.flush()
  fail = true
  recorder.record(netFact('deny'))
  await recorder.flush()
  fail = false
  recorder.record(netFact('allow'))
  await recorder.flush()
  expect(readdirSync(scratch.path).length).toBeGreaterThan(1)
  expect(seqsIn(scratch.path)).toEqual(upTo(3))
})

test('a full disk holds nothing up, and when there is room again every line is there, in order', async () => {
  using scratch = scratchDirectory()
  let full = true
  const files = breaking(scratch.path, (operation) => (full && operation !== 'datasync' ? 'ENOSPC' : null))
  await using recorder = testRecorder(scratch.path, { spoolOptions: { files } })
  for (let i = 0; i < 50; i++) recorder.record(netFact('deny', { host: `h${i}.test` }))
  await recorder.flush()
  expect(seqsIn(scratch.path)).toEqual([])
  full = false
  recorder.record(netFact('allow'))
  await recorder.flush()
  expect(seqsIn(scratch.path)).toEqual(upTo(51))
})

test('whatever the disk refuses, and when, no line is lost, doubled or out of order once it takes them', async () => {
  const faults = fc.array(fc.constantFrom(null, null, 'EIO', 'ENOSPC', 'short'), { maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(faults, fc.integer({ min: 1, max: 9 }), async (script, lines) => {
      using scratch = scratchDirectory()
      const left = [...script]
      const files = breaking(scratch.path, (operation) => {
        const code = left.shift() ?? null
        return code === 'short' && operation !== 'append' ? null : code
      })
      await using recorder = testRecorder(scratch.path, { spoolOptions: { files, segmentBytes: 2_000 } })
      for (let i = 0; i < lines; i++) {
        recorder.record(netFact(i % 2 === 0 ? 'allow' : 'deny', { path: `/${i}` }))
        if (i % 3 === 0) await recorder.flush()
      }
      left.length = 0
      await recorder.flush()
      expect(seqsIn(scratch.path)).toEqual(upTo(lines))
    }),
    { numRuns: 60 },
  )
})

test('cut at any byte, a file gives its whole lines, and what is written afterwards goes on behind them', async () => {
  using whole = scratchDirectory()
  const recorder = testRecorder(whole.path)
  for (let i = 0; i < 6; i++) recorder.record(netFact('allow', { path: `/${i}` }))
  await recorder[Symbol.asyncDispose]()
  const [name = ''] = readdirSync(whole.path)
  const bytes = readFileSync(join(whole.path, name))
  const steps = Array.from({ length: Math.ceil(bytes.length / 37) }, (_, at) => at * 37)
  for (const length of [...steps, bytes.length - 1, bytes.length]) {
    using scratch = scratchDirectory()
    writeFileSync(join(scratch.path, name), bytes.subarray(0, length))
    const kept = bytes.subarray(0, length).toString().split('\n').length - 1
    const reader = new SpoolReader(scratch.path)
    expect(reader.next().map(({ seq }) => seq)).toEqual(upTo(kept))
    await using next = testRecorder(scratch.path, { head: reader.head, spoolOptions: { first: reader.head.seq + 1 } })
    next.record(netFact('deny'))
    await next.flush()
    expect(reader.next().map(({ seq }) => seq)).toEqual([kept])
    reader.close()
  }
})

test('a line that was changed breaks the chain there', async () => {
  using scratch = scratchDirectory()
  const recorder = testRecorder(scratch.path)
  for (let i = 0; i < 3; i++) recorder.record(netFact('deny'))
  await recorder[Symbol.asyncDispose]()
  const file = join(scratch.path, readdirSync(scratch.path)[0]!)
  writeFileSync(file, readFileSync(file, 'utf8').replace('"seq":1,', '"seq":1, '))
  const reader = new SpoolReader(scratch.path)
  expect(reader.next().map(({ seq }) => seq)).toEqual([0, 1])
  expect(reader.damaged).toEqual([readdirSync(scratch.path)[0]])
  reader.close()
})

test('a reader follows a file that grows, by lines, bytes and numbers', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path, { spoolOptions: { segmentBytes: 1_500 } })
  const reader = new SpoolReader(scratch.path)
  expect(reader.next()).toEqual([])
  for (let i = 0; i < 10; i++) {
    recorder.record(netFact('allow'))
    await recorder.flush()
  }
  expect(readdirSync(scratch.path).length).toBeGreaterThan(2)
  expect(reader.next({ lines: 3 }).map(({ seq }) => seq)).toEqual([0, 1, 2])
  expect(reader.next({ bytes: 1 }).map(({ seq }) => seq)).toEqual([3])
  expect(reader.next({ through: 6 }).map(({ seq }) => seq)).toEqual([4, 5, 6])
  expect(reader.head.seq).toBe(6)
  expect(reader.next().map(({ seq }) => seq)).toEqual([7, 8, 9])
  recorder.record(netFact('deny'))
  await recorder.flush()
  expect(reader.next().map(({ seq }) => seq)).toEqual([10])
  reader.close()
})

test('a torn line at the end waits for its rest', () => {
  using scratch = scratchDirectory()
  const file = join(scratch.path, 'events-000001.ndjson')
  const line = JSON.stringify({
    v: 1,
    kind: 'net',
    session: 's',
    seq: 0,
    time: 't',
    decision: 'deny',
    would: 'deny',
    rule: 'r',
    prev: null,
  })
  writeFileSync(file, line.slice(0, 20))
  const reader = new SpoolReader(scratch.path)
  expect(reader.next()).toEqual([])
  appendFileSync(file, `${line.slice(20)}\n`)
  expect(reader.next().map(({ seq }) => seq)).toEqual([0])
  truncateSync(file, 0)
  reader.close()
})

test('delivered files go when room is wanted, and the rest can be read on its own', async () => {
  using scratch = scratchDirectory()
  const spoolOptions = { segmentBytes: 2_000, bytesMax: 20_000 }
  const { openSpool } = await import('./spool.ts')
  const { clock, timers } = manualTime()
  const { silentLog } = await import('@reeve/base')
  const spool = openSpool({ files: nodeSpoolFiles(scratch.path), clock, timers, log: silentLog, ...spoolOptions })
  await using recorder = testRecorder(scratch.path, { spool })
  for (let i = 0; i < 40; i++) {
    recorder.record(netFact('allow'))
    await recorder.flush()
  }
  const before = readdirSync(scratch.path).length
  spool.letGo(9)
  expect(readdirSync(scratch.path).length).toBeLessThan(before)
  const seqs = seqsIn(scratch.path)
  expect(seqs.at(-1)).toBe(39)
  expect(seqs[0]!).toBeGreaterThan(0)
  expect(seqs[0]!).toBeLessThanOrEqual(10)
})

test('registry#1019: of a boundary that is killed, every denial is there that somebody was told of', async () => {
  using scratch = scratchDirectory()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'recording.test-child.ts'), scratch.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    told += text
    if (told.split('\n').length > 400) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const ids = told.split('\n').slice(0, -1)
  expect(ids.length).toBeGreaterThanOrEqual(400)
  const reader = new SpoolReader(scratch.path)
  const lines = reader.next()
  reader.close()
  const kept = new Set(lines.map(({ bytes }) => parseEvent(bytes)?.denial))
  expect(ids.filter((id) => !kept.has(id))).toEqual([])
  expect(lines.map(({ seq }) => seq)).toEqual(upTo(lines.length))
})
