import { PassThrough } from 'node:stream'
import type { WorkspaceAgent } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { awaitAgent } from './await-agent.ts'

// SAFETY: no more of it is looked at.
const agentWith = (status: WorkspaceAgent['status']) => ({ name: 'main', status }) as WorkspaceAgent

async function waiting(states: readonly WorkspaceAgent['status'][], signal = new AbortController().signal) {
  const stderr = new PassThrough()
  const [first, ...later] = states.map(agentWith)
  let looks = 0
  const ended = await awaitAgent(first!, async () => later[looks++]!, { stderr, signal }, 1).catch(
    ({ message }: Error) => message,
  )
  return { ended, looks, said: String(stderr.read() ?? '') }
}

test('an agent that is still to come is waited for, and it is said once', async () => {
  expect(await waiting(['connecting', 'connecting', 'connected'])).toEqual({
    ended: undefined,
    looks: 2,
    said: 'waiting for the agent main to connect\n',
  })
})

test('one that is there, or was, is not waited for', async () => {
  for (const status of ['connected', 'disconnected'] as const) {
    expect(await waiting([status])).toEqual({ ended: undefined, looks: 0, said: '' })
  }
})

test('the wait ends where the agent does not come in time, and with Ctrl-C', async () => {
  expect((await waiting(['connecting', 'timeout'])).ended).toBe('the agent main has not connected in time')
  expect((await waiting(['timeout'])).ended).toBe('the agent main has not connected in time')
  expect((await waiting(['connecting'], AbortSignal.abort())).ended).toBe('the agent main was not waited for')
})
