import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundaryFolder, boundaryPrograms } from './boundary-program.ts'

const text = 'exports.runBoundary = () => {}\n'
const sha256 = createHash('sha256').update(text).digest('hex')
let folder: string
let server: Server
let served: string
let asked: number
let url: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-program-'))
  ;[served, asked] = [text, 0]
  server = createServer((_, response) => {
    asked += 1
    if (served === '') response.writeHead(503).end()
    else response.end(served)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})
const program = () => {
  const programs = boundaryPrograms({ url, folder })
  return () => programs({ path: '/bin/x.js', sha256 })
}

test('it is fetched once, however many ask at once, and kept for the next agent', async () => {
  const first = program()
  const [file, same] = await Promise.all([first(), first()])
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect([same, await first(), await program()(), asked]).toEqual([file, file, file, 1])
  expect(statSync(join(folder, 'program')).mode & 0o077).toBe(0)
})

test('what somebody changed since is not run but fetched again', async () => {
  const file = await program()()
  writeFileSync(file, 'exports.runBoundary = () => "evil"\n')
  expect(readFileSync(await program()(), 'utf8')).toBe(text)
  expect(asked).toBe(2)
})

test('what is not what was named is not kept, and where nobody answers it is asked for again', async () => {
  const bring = program()
  served = 'something else'
  await expect(bring()).rejects.toMatchObject({ code: 'upstream' })
  served = ''
  await expect(bring()).rejects.toMatchObject({ code: 'unavailable' })
  served = text
  expect(readFileSync(await bring(), 'utf8')).toBe(text)
})

test('it lies where boundaries keep what nothing behind them reaches', () => {
  expect(boundaryFolder({}, '/home/dana')).toBe('/home/dana/.local/state/reeve/boundary')
  expect(boundaryFolder({ XDG_STATE_HOME: '/state' }, '/home/dana')).toBe('/state/reeve/boundary')
  expect(boundaryFolder({ XDG_STATE_HOME: 'relative' }, '/home/dana')).toBe('/home/dana/.local/state/reeve/boundary')
})
