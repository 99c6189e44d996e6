import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import type { WorkspaceAgent, WorkspaceAgentLog } from '@reeve/sdk'
import type { Io } from '../io.ts'
import { visibleLine } from '../output/visible.ts'

const lookMs = 1_000

export interface Looks {
  readonly agent: () => Promise<WorkspaceAgent>
  readonly lines: (after: number) => Promise<readonly WorkspaceAgentLog[]>
}

/**
 * Until the start scripts of an agent have run, with what they say on standard error meanwhile. What became of them keeps
 * nobody out: whoever is to mend a workspace has to get in.
 */
export async function awaitScripts(
  first: WorkspaceAgent,
  look: Looks,
  io: Pick<Io, 'stderr' | 'signal'>,
  everyMs = lookMs,
): Promise<void> {
  if (!isStarting(first)) return warnOf(first, io.stderr)
  io.stderr.write(`waiting for the start scripts of ${first.name}; --wait no goes in without\n`)
  warnOf(await scriptsEnded(look, io, everyMs), io.stderr)
}

/** The agent as it is then. What its scripts have said until then is told in any case. */
export async function scriptsEnded(
  look: Looks,
  { stderr, signal }: Pick<Io, 'stderr' | 'signal'>,
  everyMs = lookMs,
): Promise<WorkspaceAgent> {
  let after = 0
  for (;;) {
    // Looked at before its lines, so that all of them are told of one that is ready.
    const agent = await look.agent()
    // Of a long log a part comes at a time.
    for (let lines = await look.lines(after); lines.length > 0; lines = await look.lines(after)) {
      for (const { output } of lines) stderr.write(`${visibleLine(output)}\n`)
      const last = lines.at(-1)?.id ?? after
      if (last <= after) break
      after = last
    }
    if (!isStarting(agent)) return agent
    await delay(everyMs, null, { signal }).catch(() => {
      throw new Fault('unavailable', `the start scripts of ${agent.name} were not waited for`)
    })
  }
}

/** One that is gone is left to whoever opens streams to it. */
const isStarting = ({ status, lifecycle_state: state }: WorkspaceAgent): boolean =>
  status === 'connected' && (state === 'created' || state === 'starting')

function warnOf({ name, lifecycle_state: state }: WorkspaceAgent, stderr: Io['stderr']): void {
  if (state === 'start_error') stderr.write(`a start script of ${name} failed: what it sets up may be missing\n`)
  if (state === 'start_timeout') stderr.write(`a start script of ${name} did not end in time\n`)
}
