import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workshop } from '../support/workshop.ts'

/** A workspace from its template to its end, through a whole server, the command line and the real Terraform. */

const shop = workshop('workspaces through the whole product')

const template = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
data "coder_parameter" "cpu" {
  name    = "cpu"
  type    = "number"
  default = 2
  mutable = true
  validation {
    min = 1
    max = 8
  }
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = data.coder_parameter.cpu.value
}
`

const { reeve } = shop

test('a workspace is made, stopped, started, looked at and deleted', async () => {
  mkdirSync(join(shop.folder, 'agent-desk'))
  writeFileSync(join(shop.folder, 'agent-desk', 'main.tf'), template)
  expect((await reeve('templates', 'push', 'agent-desk')).code).toBe(0)
  const made = await reeve('workspaces', 'create', 'billing', 'agent-desk', '--parameter', 'cpu=4', '-o', 'json')
  expect(made.code, made.stderr).toBe(0)
  expect(made.stderr).toContain('> apply')
  expect(made.stderr).toContain('billing is running')
  expect(JSON.parse(made.stdout)).toMatchObject({ latest_build: { status: 'running', reason: 'cli' } })
  expect((await reeve('workspaces', 'stop', 'billing')).stderr).toContain('billing is stopped')
  expect((await reeve('workspaces', 'logs', 'billing', '-o', 'jsonl')).stdout).toContain('terraform_data.machine')
  const bad = await reeve('workspaces', 'start', 'billing', '--parameter', 'cpu=99')
  expect(bad.code).not.toBe(0)
  expect(bad.stderr).toContain('cpu')
  expect((await reeve('workspaces', 'list', 'status:failed', '-o', 'id')).stdout).toMatch(/\/billing\n$/)
  const started = await reeve('workspaces', 'start', 'billing', '--parameter', 'cpu=3')
  expect(started.stderr).toContain('billing is running')
  const deleted = await reeve('workspaces', 'delete', 'billing', '--yes')
  expect(deleted.stderr).toContain('billing is deleted')
  expect(deleted.stdout).toMatch(/status +deleted/)
  expect((await reeve('workspaces', 'show', 'billing')).code).not.toBe(0)
})
