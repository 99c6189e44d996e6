import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kill } from '../../agent/src/driver/process-tree.ts'
import { processesOf } from '../../agent/src/earlier-processes.ts'
import { workshop } from '../support/workshop.ts'
import { makeWorkspace } from '../support/workspace-machine.ts'

/** Somebody kills the agent of a workspace, or the machine has no memory left: the workspace goes on without anybody's help. */

const shop = workshop('the kill of an agent', { ready: ({ push }) => push('desk', template) })
const { ran, boot } = shop

/** What it leaves in the background is in a group and a session of its own, as coding agents and daemons are. */
const template = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = <<-EOT
    echo start >>"$HOME/starts"
    setsid sh -c 'trap "echo parted >>parting; exit" TERM; echo $$ >>background; while :; do sleep 0.1; done' &
    sleep 600 &
    echo $! >>background
    until [ "$(wc -l <background)" -ge "$(($(wc -l <starts) * 2))" ]; do sleep 0.1; done
  EOT
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = { token = coder_agent.main.token, script = coder_agent.main.init_script }
}
`

test('an agent that is killed comes back, ends what was left and runs its scripts again; a stop leaves nothing', async () => {
  const started = await makeWorkspace(shop.server, shop.reeve, { name: 'desk', template: 'desk' })
  const [home, temporary] = [join(shop.folder, 'home'), join(shop.folder, 'tmp')]
  mkdirSync(temporary)
  const machine = boot(started, 'home', { TMPDIR: temporary })
  const agent = async () => (await shop.server.api('GET', `/api/v2/workspaces/${started.id}/agents`)).json[0]
  const linesOf = (name: string) => readFileSync(join(home, name), 'utf8').trim().split('\n')
  const isReady = { status: 'connected', lifecycle_state: 'ready' }
  await expect.poll(agent).toMatchObject(isReady)
  const own = join(
    temporary,
    readdirSync(temporary).find((name) => existsSync(join(temporary, name, 'reeve-workspace')))!,
  )
  /** Of the processes that the init script has started. */
  const daemons = () => [...processesOf(own)].flatMap(([pid, parent]) => (parent === machine.pid ? [pid] : []))
  const before = linesOf('background').map(Number)
  const connected = (await agent()).last_connected_at
  const [killed, ...others] = daemons()
  expect(others).toEqual([])

  kill(killed!, 'SIGKILL')
  const isBack = async () => existsSync(join(home, 'starts')) && linesOf('starts').length === 2
  await expect.poll(isBack).toBe(true)
  await expect.poll(agent).toMatchObject(isReady)
  expect((await agent()).last_connected_at > connected).toBe(true)
  for (const pid of before) expect(processesOf(own).has(pid)).toBe(false)
  expect(linesOf('parting')).toEqual(['parted'])
  expect(linesOf('background').slice(2).map(Number)).toHaveLength(2)
  for (const pid of linesOf('background').slice(2)) expect(processesOf(own).has(Number(pid))).toBe(true)
  expect(daemons()).toHaveLength(1)
  expect(daemons()).not.toContain(killed)

  await ran('workspaces', 'stop', 'desk')
  expect(await machine.ended).toBe(0)
  expect(processesOf(own).size).toBe(0)
  expect(linesOf('starts')).toHaveLength(2)
  expect(readdirSync(temporary).filter((name) => existsSync(join(temporary, name, 'reeve-workspace')))).toEqual([])
})
