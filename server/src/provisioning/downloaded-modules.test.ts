import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { wordsOfModules } from './downloaded-modules.ts'

test('a fetched module names what its configuration says, however deep it lies', () => {
  using folder = temporaryFolder()
  const login = join(folder.path, '.terraform/modules/login')
  const inner = join(login, 'modules/inner')
  mkdirSync(inner, { recursive: true })
  writeFileSync(join(login, 'main.tf'), 'locals { t = data.coder_workspace_owner.me.session_token }\n')
  writeFileSync(join(inner, 'main.tofu'), 'locals { t = data.coder_workspace_owner.me.oidc_access_token }\n')
  writeFileSync(join(login, 'run.sh'), 'echo ssh_private_key\n')
  expect(wordsOfModules(folder.path)).toEqual(['session_token', 'oidc_access_token'])
})

test('links and pipes among its files are left alone', () => {
  using folder = temporaryFolder()
  const module = join(folder.path, '.terraform/modules/m')
  mkdirSync(module, { recursive: true })
  writeFileSync(join(folder.path, 'elsewhere.tf'), '# session_token\n')
  symlinkSync(join(folder.path, 'elsewhere.tf'), join(module, 'linked.tf'))
  symlinkSync(folder.path, join(module, 'round'))
  execFileSync('mkfifo', [join(module, 'pipe.tf')])
  expect(wordsOfModules(folder.path)).toEqual([])
})

test('a template without modules names nothing by them', () => {
  using folder = temporaryFolder()
  expect(wordsOfModules(folder.path)).toEqual([])
})
