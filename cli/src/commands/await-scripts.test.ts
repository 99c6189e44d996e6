import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { WorkspaceAgent, WorkspaceAgentLog } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { awaitScripts } from './await-scripts.ts'

type State = WorkspaceAgent['lifecycle_state']

const agentWith = (lifecycle_state: State, status: WorkspaceAgent['status'] = 'connected') =>
  // SAFETY: no more of it is looked at.
  ({ name: 'main', status, lifecycle_state }) as WorkspaceAgent

/** Each look at the agent finds one more line of its log, as a server answers that repeats nothing. */
async function waiting(agents: readonly WorkspaceAgent[], output: readonly string[] = [], signal?: AbortSignal) {
  const stderr = new PassThrough()
  const [first, ...later] = agents
  let looks = 0
  const look = {
    agent: async () => later[looks++]!,
    lines: async (after: number): Promise<WorkspaceAgentLog[]> =>
      output
        .map((said, at) => ({ id: at + 1, created_at: '', level: 'info' as const, source: '', output: said }))
        .filter(({ id }) => id > after && id <= looks),
  }
  const io = { stderr, signal: signal ?? new AbortController().signal }
  const ended = await awaitScripts(first!, look, io, 1).catch(({ message }: Error) => message)
  return {
    ended,
    looks,
    said: (await text(stderr.end())).split('\n').slice(0, -1),
  }
}

test('the scripts are waited for, and what they say is shown once and whole', async () => {
  const { ended, looks, said } = await waiting(
    [agentWith('created'), agentWith('starting'), agentWith('starting'), agentWith('ready')],
    ['one', 'two', '\u001b[2Jthree'],
  )
  expect([ended, looks]).toEqual([undefined, 3])
  expect(said[0]).toContain('waiting for the start scripts of main')
  expect(said.slice(1, 3)).toEqual(['one', 'two'])
  // What a script says does not clear the terminal of whoever waits.
  expect(said[3]).toContain('three')
  expect(said[3]).not.toContain('\u001b')
})

test('one that is ready is not waited for, and one that failed keeps nobody out', async () => {
  expect(await waiting([agentWith('ready')])).toEqual({ ended: undefined, looks: 0, said: [] })
  const failed = await waiting([agentWith('starting'), agentWith('start_error')])
  expect([failed.ended, failed.said.at(-1)]).toEqual([
    undefined,
    'a start script of main failed: what it sets up may be missing',
  ])
})

test('the wait ends with the agent, and with Ctrl-C', async () => {
  expect((await waiting([agentWith('starting'), agentWith('starting', 'disconnected')])).ended).toBe(undefined)
  const aborted = await waiting([agentWith('starting'), agentWith('starting')], [], AbortSignal.abort())
  expect(aborted.ended).toBe('the start scripts of main were not waited for')
})
