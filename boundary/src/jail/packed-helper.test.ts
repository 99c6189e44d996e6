import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packedHelper } from './packed-helper.ts'

const root = resolve(import.meta.dirname, '../../..')
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-packed-'))
  file = join(folder, 'boundary.cjs')
})
afterEach(() => rmSync(folder, { recursive: true }))

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const helperLine = (architecture: string, program: string, sum = sha256(program)): string =>
  `// helper ${architecture} ${sum} ${gzipSync(program).toString('base64')}`

test('the helper of this machine is unpacked once, and again where somebody has changed it', () => {
  const program = '#!/bin/sh\necho helper\n'
  writeFileSync(file, `the boundary\n${helperLine('arm64', 'another')}\n${helperLine(process.arch, program)}\n`)
  const helper = packedHelper(file)
  expect(spawnSync(helper, { encoding: 'utf8' }).stdout).toBe('helper\n')
  const made = statSync(helper).ino
  expect([packedHelper(file), statSync(helper).ino]).toEqual([helper, made])
  chmodSync(helper, 0o700)
  writeFileSync(helper, '#!/bin/sh\necho evil\n')
  expect(spawnSync(packedHelper(file), { encoding: 'utf8' }).stdout).toBe('helper\n')
  expect(readdirSync(folder)).toHaveLength(2)
})

test('a helper that came broken is not run, and none at all is told', () => {
  writeFileSync(file, `${helperLine(process.arch, 'program', sha256('another'))}\n`)
  expect(() => packedHelper(file)).toThrow('came broken')
  writeFileSync(file, 'the boundary\n')
  expect(() => packedHelper(file)).toThrow('without its native helper')
})

const compiler = spawnSync('sh', ['-c', 'command -v gcc || command -v cc']).status === 0

test('for a machine that there is none for it is built from its sources', (context) => {
  if (!compiler) context.skip('there is no C compiler')
  const bundled = spawnSync(process.execPath, [join(root, 'scripts/bundle-workspace-boundary.mjs'), root, file], {
    encoding: 'utf8',
  })
  expect(bundled.status, bundled.stderr).toBe(0)
  const whole = readFileSync(file, 'utf8')
  expect(whole).toContain(`\n// helper ${process.arch} `)
  expect(whole).not.toContain(root)
  const other = join(folder, 'other', 'boundary.cjs')
  spawnSync('mkdir', [join(folder, 'other')])
  copyFileSync(file, other)
  const helper = packedHelper(other, 'an architecture of tomorrow')
  expect(spawnSync(helper, ['probe'], { encoding: 'utf8' }).stdout).toMatch(/user_namespaces=/)
})
