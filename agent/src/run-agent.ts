import type { Clock, Log } from '@reeve/base'
import type { AgentManifest } from '@reeve/sdk'
import { boundaryRoute } from './boundary-route.ts'
import { makeCommandFolder } from './command-folder.ts'
import { connect } from './connection.ts'
import { askControlPlane } from './control-plane.ts'
import { endProcessesOf, folderVariable } from './earlier-processes.ts'
import { beginLife, type Life } from './life.ts'

export interface AgentOptions {
  readonly url: string
  readonly token: string
  readonly version: string
  /** How this program is started, as words of a command. */
  readonly self: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the machine goes down. */
  readonly stopping: AbortSignal
  readonly clock: Clock
  readonly log: Log
}

/** What an agent that was killed has left may write down where it stands. */
const earlierWithinMs = 15_000

/**
 * The life of the agent, which it reports as it goes:
 *
 *   connect ──▶ starting ──▶ ready | start_error | start_timeout ──▶ shutting_down ──▶ off | shutdown_error
 *
 * Start scripts run once in the life of this process, however often the connection is made, and not before all has ended
 * that an agent before this one left. It shuts down when the machine does, and when the control plane says so or wants
 * nothing of it any more: its workspace is being stopped.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { env, stopping, clock, log } = options
  const first = Promise.withResolvers<AgentManifest>()
  let life: Life | null = null
  let latest: AgentManifest | null = null
  const folder = env[folderVariable] ?? ''
  const endProcesses = async (withinMs: number): Promise<void> => {
    const count = folder === '' ? 0 : await endProcessesOf(folder, { clock, withinMs })
    if (count > 0) log.info({ count }, 'ended processes that were left')
  }
  const cleared = endProcesses(earlierWithinMs)
  using connection = connect({
    ...options,
    onManifest(manifest) {
      latest = manifest
      first.resolve(manifest)
      life?.reconnected()
    },
    onKept: (through) => life?.kept(through),
    onStream: (header, offered) => life?.accept(header, offered) ?? 'the agent is starting',
  })
  const stop = Promise.race([connection.ended, aborted(stopping)])
  const manifest = await Promise.race([first.promise, stop.then(() => null)])
  await cleared
  if (manifest === null) return
  using commands = makeCommandFolder(options.self, folder)
  const ask = askControlPlane(options)
  const boundary = boundaryRoute(options, () => latest ?? manifest, commands.shown)
  life = await beginLife({ env, commands, connection, manifest, ask, boundary, endProcesses, clock, log })
  log.info({ why: await stop }, 'shutting down')
  await life.shutDown()
  await connection.leave()
}

const aborted = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    const tell = (): void => resolve('the machine goes down')
    if (signal.aborted) tell()
    else signal.addEventListener('abort', tell, { once: true })
  })
