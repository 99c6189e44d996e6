import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { readSource } from './template-source.ts'
import { fetchModules } from './template-vendor.ts'

const put = (folder: string, files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

/** The files of the archive that is made of a folder. */
async function packed(folder: string): Promise<Record<string, string>> {
  const { bytes } = await readSource({ cwd: '/', stdin: Readable.from([]) }, folder)
  const files: Record<string, string> = {}
  const archive = Readable.from([Buffer.from(bytes)]).pipe(extract())
  for await (const entry of archive) files[entry.header.name] = Buffer.concat(await Array.fromAsync(entry)).toString()
  return files
}

test('modules that were fetched go along with a template, and nothing else that Terraform left', async () => {
  using folder = temporaryFolder()
  put(join(folder.path, 't'), {
    'main.tf': '',
    '.terraform.lock.hcl': 'lock',
    '.terraform/modules/modules.json': '{}',
    '.terraform/modules/editor/main.tf': 'editor',
    '.terraform/modules/editor/.git/config': 'secret',
    '.terraform/providers/registry/provider': 'binary',
    '.terraform/terraform.tfstate': 'state',
    'terraform.tfstate': 'state',
  })
  expect(await packed(join(folder.path, 't'))).toEqual({
    'main.tf': '',
    '.terraform.lock.hcl': 'lock',
    '.terraform/modules/modules.json': '{}',
    '.terraform/modules/editor/main.tf': 'editor',
  })
})

test('what .terraformignore names stays at home, whatever it is', async () => {
  using folder = temporaryFolder()
  put(folder.path, {
    '.terraformignore': 'node_modules/\n*.bin\nbroken\n',
    'main.tofu': '',
    'disk.bin': 'large',
    'files/node_modules/x/index.js': 'large',
    'files/run.sh': 'run',
  })
  symlinkSync('nowhere', join(folder.path, 'broken'))
  expect(Object.keys(await packed(folder.path))).toEqual(['.terraformignore', 'files/run.sh', 'main.tofu'])
})

test('modules are fetched by the Terraform of this machine', async () => {
  using folder = temporaryFolder()
  put(folder.path, {
    't/main.tf': '',
    'bin/tofu': '#!/bin/sh\nmkdir -p .terraform/modules\necho "$1" > .terraform/modules/modules.json\n',
    'broken/terraform': '#!/bin/sh\necho "there is no such module" >&2\nexit 1\n',
  })
  for (const program of ['bin/tofu', 'broken/terraform']) chmodSync(join(folder.path, program), 0o755)
  const [source, { signal }] = [join(folder.path, 't'), new AbortController()]
  const searching = (...folders: string[]) => ({ PATH: [...folders, '/bin'].join(':') })
  await fetchModules(source, searching(join(folder.path, 'bin')), signal)
  expect(await packed(source)).toMatchObject({ '.terraform/modules/modules.json': 'get\n' })
  const broken = fetchModules(source, searching(join(folder.path, 'broken')), signal)
  await expect(broken).rejects.toThrow('there is no such module')
  await expect(fetchModules(source, { PATH: '/nonexistent' }, signal)).rejects.toMatchObject({ code: 'unavailable' })
})

test('a link within a template is packed as what it leads to, and one out of it is refused', async () => {
  using folder = temporaryFolder()
  put(folder.path, { 't/main.tf': 'main', 't/shared/run.sh': 'run', outside: 'secret' })
  symlinkSync('shared', join(folder.path, 't/again'))
  expect(await packed(join(folder.path, 't'))).toEqual({
    'main.tf': 'main',
    'shared/run.sh': 'run',
    'again/run.sh': 'run',
  })
  symlinkSync('../outside', join(folder.path, 't/leak'))
  await expect(packed(join(folder.path, 't'))).rejects.toThrow('link out of the template')
})

test('a link in a circle is refused', async () => {
  using folder = temporaryFolder()
  put(folder.path, { 't/main.tf': 'main', 't/modules/x': '' })
  symlinkSync('../modules', join(folder.path, 't/modules/again'))
  await expect(packed(join(folder.path, 't'))).rejects.toThrow('in a circle')
})
