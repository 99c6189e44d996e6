import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything, sessionsFile } from '../testing-data.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'reeve-export-'))))
afterEach(() => rm(folder, { recursive: true }))

const answers = everything(false)
const whole = sessionsFile()
const run = (url: string, ...words: string[]) =>
  runCli(['bridge', 'sessions', ...words], { env: { REEVE_URL: url, REEVE_SESSION_TOKEN: 'rv_me' }, cwd: folder })

test('an export is a file when it is whole, and says what was asked', async () => {
  await using deployment = await serveContract(answers)
  const ran = await run(deployment.url, 'export', '--out', 'all.jsonl', '--reason', 'audit 7', '--bodies', '-o', 'json')
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(ran.stdout)).toMatchObject({ file: join(folder, 'all.jsonl'), sessions: 0, lines: 1 })
  expect(deployment.asked[0]?.query).toEqual({ reason: 'audit 7', bodies: 'true', content: 'true' })
  expect(await readFile(join(folder, 'all.jsonl'))).toEqual(whole)
  expect((await run(deployment.url, 'verify', 'all.jsonl')).code).toBe(0)
})

test('cut at any byte or changed in one, it is no file, and in a pipe an error', async () => {
  let sent = whole
  await using deployment = await serveContract({ ...answers, exportSessions: () => sent })
  const inTwo = whole.indexOf(10)
  const changedByte = Buffer.from(whole)
  changedByte[inTwo - 3]! ^= 1
  for (const bytes of [
    Buffer.alloc(0),
    whole.subarray(0, inTwo + 1),
    whole.subarray(0, inTwo + 9),
    whole.subarray(0, whole.length - 1),
    changedByte,
    whole.subarray(inTwo + 1),
  ]) {
    sent = bytes
    const ran = await run(deployment.url, 'export', '--out', 'all.jsonl')
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toMatch(/cut off|not what was written/)
    expect(await readdir(folder)).toEqual([])
    expect((await run(deployment.url, 'export')).code).not.toBe(0)
    await writeFile(join(folder, 'kept.jsonl'), bytes)
    expect((await run(deployment.url, 'verify', 'kept.jsonl')).code).not.toBe(0)
    await rm(join(folder, 'kept.jsonl'))
  }
})
