import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { runCli } from '../../cli/src/testing.ts'
import { kill } from '../../agent/src/driver/process-tree.ts'
import type { RunningServer } from './server.ts'

/** Workspaces of a template whose machine is a `terraform_data` with the input `{ token, script }`. */
export interface Started {
  readonly id: string
  readonly token: string
  readonly script: string
}

/** The command line of the first owner. */
export const cliOf =
  (server: RunningServer, folder: string) =>
  (...argv: string[]) =>
    runCli(argv, { env: { REEVE_URL: server.url, REEVE_TOKEN: server.ownerToken }, cwd: folder, home: folder })

/** What the template would have given its machine, from the state of the build. */
export async function makeWorkspace(
  server: RunningServer,
  reeve: ReturnType<typeof cliOf>,
  { name, template }: { readonly name: string; readonly template: string },
): Promise<Started> {
  const made = await reeve('workspaces', 'create', name, template, '-o', 'json')
  if (made.code !== 0) throw new Error(made.stderr)
  return startedOf(server, JSON.parse(made.stdout).id)
}

/** The same of a workspace that is there already, as its latest build left it. */
export async function startedOf(server: RunningServer, id: string): Promise<Started> {
  const { json: workspace } = await server.api('GET', `/api/v2/workspaces/${id}`)
  const { json } = await server.api('GET', `/api/v2/workspacebuilds/${workspace.latest_build.id}/state`)
  const machine = json.resources.find(({ type }: { type: string }) => type === 'terraform_data')
  return { id, ...machine.instances[0].attributes.input.value }
}

/** In place of a container: a process that has what the template would give it. */
export interface Machine {
  readonly ended: Promise<number | null>
  readonly pid: number
  /** With what its init script runs, as when the power is cut; scripts of the template have groups of their own. */
  kill(): void
}

export function bootMachine(
  { token, script }: Started,
  home: string,
  more: Readonly<Record<string, string>> = {},
): Machine {
  mkdirSync(home, { recursive: true })
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, REEVE_NODE: process.execPath, CODER_AGENT_TOKEN: token }
  const child = spawn('sh', ['-c', script], { env: { ...env, ...more }, cwd: home, stdio: 'ignore', detached: true })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { ended, pid: child.pid!, kill: () => kill(-child.pid!, 'SIGKILL') }
}
