import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A thing that a template made, and when the cloud said so. */
export interface Thing {
  readonly workspace: string
  readonly run: string
  readonly madeAt: number
}

/** Where templates make things that cost money: it knows what is there, and who was at which workspace in which order. */
export interface Cloud extends AsyncDisposable {
  /** The folder of the socket, which is what a template has to reach. */
  readonly folder: string
  readonly socket: string
  /** By name: that of the workspace, and a number. */
  readonly things: ReadonlyMap<string, Thing>
  /** When a run was heard of last. */
  lastCall(run: string): number
  readonly made: number
  /** Calls of a run after one that began later had called for the same workspace: two were at it at once. */
  readonly overlaps: readonly string[]
}

export async function startCloud(): Promise<Cloud> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cloud-'))
  chmodSync(folder, 0o755)
  const socket = join(folder, 'cloud.sock')
  const things = new Map<string, Thing>()
  const latest = new Map<string, { readonly run: string; readonly before: Set<string> }>()
  const overlaps: string[] = []
  const calls = new Map<string, number>()
  let made = 0

  function note(workspace: string, run: string): void {
    const seen = latest.get(workspace)
    if (seen?.run === run) return
    if (seen?.before.has(run) === true) overlaps.push(`${workspace}: ${run} after ${seen.run}`)
    else latest.set(workspace, { run, before: new Set(seen === undefined ? [] : [...seen.before, seen.run]) })
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cloud')
    const name = pathname.slice(1)
    const workspace = name.slice(0, name.lastIndexOf('-'))
    const run = searchParams.get('run') ?? ''
    note(workspace, run)
    calls.set(run, performance.now())
    if (request.method === 'PUT') {
      things.set(name, { workspace, run, madeAt: performance.now() })
      made++
    } else if (request.method === 'DELETE') things.delete(name)
    response.end()
  })
  server.listen(socket)
  await once(server, 'listening')
  chmodSync(socket, 0o777)
  return {
    folder,
    socket,
    things,
    overlaps,
    lastCall: (run) => calls.get(run) ?? 0,
    get made() {
      return made
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Four things, one after the other, so that a build is hit between them; and what makes it a template of tasks. */
export function templateOf(socket: string): string {
  const curl = (method: string, name: string) =>
    `sleep 0.3; curl -sf -X ${method} --unix-socket ${socket} "http://cloud/${name}?run=$(pwd | sha256sum | cut -c1-12)"`
  const thing = (index: number) => `
resource "terraform_data" "thing_${index}" {
  count      = data.coder_workspace.me.start_count
  input      = "\${data.coder_workspace.me.id}-${index}"
  depends_on = [${index === 0 ? '' : `terraform_data.thing_${index - 1}`}]
  provisioner "local-exec" {
    command = <<-EOT
      ${curl('PUT', '${self.input}')}
    EOT
  }
  provisioner "local-exec" {
    when    = destroy
    command = <<-EOT
      ${curl('DELETE', '${self.input}')}
    EOT
  }
}
`
  return `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}
resource "coder_app" "chat" {
  agent_id = coder_agent.main.id
  slug     = "chat"
  url      = "http://localhost:3284"
}
resource "coder_ai_task" "me" {
  count  = data.coder_workspace.me.start_count
  app_id = coder_app.chat.id
}
${[0, 1, 2, 3].map(thing).join('')}`
}
