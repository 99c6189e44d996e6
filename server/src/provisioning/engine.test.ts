import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordingLog, silentLog } from '@reeve/base'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { findEngine } from './engine.ts'

function program(folder: string, name: string, version: string, said: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  const json = JSON.stringify({ terraform_version: version })
  writeFileSync(path, `#!/bin/sh\nif [ "$2" = -json ]; then echo '${json}'; else echo '${said} v${version}'; fi\n`)
  chmodSync(path, 0o755)
  return path
}

test('terraform goes before tofu, the setting before both', async () => {
  using folder = temporaryFolder()
  const tofu = program(join(folder.path, 'a'), 'tofu', '1.9.0', 'OpenTofu')
  const terraform = program(join(folder.path, 'b'), 'terraform', '1.11.4', 'Terraform')
  const PATH = `${join(folder.path, 'a')}:${join(folder.path, 'b')}`
  expect(await findEngine(null, { PATH }, silentLog)).toEqual({ name: 'terraform', version: '1.11.4', path: terraform })
  expect(await findEngine(tofu, { PATH }, silentLog)).toEqual({ name: 'tofu', version: '1.9.0', path: tofu })
})

test('one that is too old, or broken, is passed over in the PATH and said', async () => {
  using folder = temporaryFolder()
  program(join(folder.path, 'old'), 'terraform', '1.0.11', 'Terraform')
  program(join(folder.path, 'new'), 'tofu', '1.9.0', 'OpenTofu')
  const broken = join(folder.path, 'new', 'terraform')
  writeFileSync(broken, '#!/bin/sh\nexit 7\n', { mode: 0o755 })
  const log = recordingLog()
  const PATH = `${join(folder.path, 'old')}:${join(folder.path, 'new')}`
  expect(await findEngine(null, { PATH }, log)).toMatchObject({ name: 'tofu' })
  expect(log.lines).toHaveLength(2)
  expect(await findEngine(null, { PATH: join(folder.path, 'old') }, silentLog)).toMatchObject({
    name: null,
    problem: expect.stringContaining('is version 1.0.11; 1.1 or newer is needed'),
  })
})

test('a setting that names no program is not passed over', async () => {
  expect(await findEngine('/nonexistent/terraform', { PATH: process.env['PATH'] }, silentLog)).toMatchObject({
    name: null,
    problem: expect.stringContaining('/nonexistent/terraform'),
    fix: expect.stringContaining('REEVE_TERRAFORM_PATH'),
  })
})
