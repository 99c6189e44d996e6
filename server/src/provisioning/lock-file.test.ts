import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { testProvisioner, testRun } from './testing-provisioner.ts'

const template = `
  terraform {
    required_providers {
      tool = { source = "acme/tool" }
    }
  }
`
const lock = (hash: string) => `
  provider "registry.terraform.io/acme/tool" {
    version = "1.0.0"
    hashes  = ["${hash}"]
  }
`

/** A folder of providers, as operators keep one, with one provider in it. */
function mirrorIn(folder: string): string {
  chmodSync(folder, 0o755)
  const program = join(folder, 'registry.terraform.io/acme/tool/1.0.0/linux_amd64/terraform-provider-tool_v1.0.0')
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  return folder
}

const anEngine = whyNoTerraform('lock files of templates') === null && process.arch === 'x64'

describe.skipIf(!anEngine)('the lock file of a template', () => {
  test('keeps a provider out that is not the one it was written for', async () => {
    using folder = temporaryFolder()
    await using opened = await testProvisioner({ mirror: mirrorIn(folder.path) })
    const files = { 'main.tf': template, '.terraform.lock.hcl': lock(`h1:${'A'.repeat(43)}=`) }
    const { failure } = await opened.provisioner.importVersion(testRun(files))
    expect(JSON.stringify(failure)).toContain('checksum')
  })

  test('that has another provider’s version keeps to that one', async () => {
    using folder = temporaryFolder()
    await using opened = await testProvisioner({ mirror: mirrorIn(folder.path) })
    const other = lock(`h1:${'A'.repeat(43)}=`).replace('1.0.0', '0.9.0')
    const { failure } = await opened.provisioner.importVersion(
      testRun({ 'main.tf': template, '.terraform.lock.hcl': other }),
    )
    expect(JSON.stringify(failure)).toContain('0.9.0')
  })
})
