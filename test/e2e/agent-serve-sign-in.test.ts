import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { serveAgent } from '../support/agent-serve.ts'
import { installAgents } from '../support/agents.ts'
import type { Row } from '../support/record.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The real Auggie, which does nothing before somebody has signed in, as a person sees it who has not. */

let bin: string
beforeAll(async () => {
  bin = (await installAgents()).bin
})

test('an agent that is not signed in says so to whoever listens and whoever sends, and is given no message', async () => {
  using home = temporaryFolder()
  const env = { PATH: process.env['PATH'], HOME: home.path }
  const auggie = [process.execPath, join(bin, 'auggie.mjs'), '--no-update-terminal-title']
  await using served = await serveAgent({ words: ['--type', 'auggie', '--', ...auggie], home: home.path, env })
  const told = served.event((event) => event.startsWith('event: agent_error'))
  expect(await told).toContain('The agent is not signed in.')
  expect(await told).toContain('Login to continue')

  const refused = await served.send('please make a file')
  const { detail }: Row = await refused.json()
  expect([refused.status, detail]).toEqual([
    409,
    expect.stringMatching(/^The agent is not signed in, and takes no message until it is\. Give it its key/),
  ])
  expect(await served.get('/status')).toEqual({ status: 'running', agent_type: 'auggie', transport: 'pty' })
  expect(await served.get('/messages')).toEqual({ messages: [] })
  expect(await served.screen()).toContain('Press return to open your browser')
}, 180_000)
