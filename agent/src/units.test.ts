import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@reeve/base'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from './commands/run-command.ts'
import { serveLocally } from './local-socket.ts'
import { unitRoutes } from './unit-routes.ts'

/** The command as scripts call it, against an agent's socket of its own. */
async function agentSocket() {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-units-'))
  const socketPath = join(folder, 'agent.sock')
  const serving = await serveLocally(socketPath, { routes: unitRoutes(), log: silentLog })
  onTestFinished(async () => {
    await serving[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })
  return async (...argv: string[]) => {
    let said = ''
    const say = (text: string) => void (said += text)
    const env = { REEVE_AGENT_SOCKET: socketPath }
    const code = await runCommand('coder', { argv: ['exp', 'sync', ...argv], env, out: say, err: say })
    return { code, said }
  }
}

test('a unit that waits for another starts when that one is complete, and not before', async () => {
  const sync = await agentSocket()
  expect((await sync('want', 'start', 'install')).code).toBe(0)
  const order: string[] = []
  const started = sync('start', 'start').then(({ code }) => order.push(`started ${code}`))
  expect(await sync('start', 'install')).toEqual({ code: 0, said: 'Success\n' })
  expect((await sync('list')).said).toBe('start  pending  waiting\ninstall  started  ready\n')
  order.push('complete')
  await sync('complete', 'install')
  await started
  expect(order).toEqual(['complete', 'started 0'])
  expect((await sync('status', 'start', '-o', 'json')).said).toContain('"status":"started"')
})

test('a unit that waits too long fails and says what for', async () => {
  const sync = await agentSocket()
  await sync('want', 'start', 'never')
  const { code, said } = await sync('start', 'start', '--timeout', '1ms')
  expect(code).toBe(1)
  expect(said).toContain('start still waits: never')
})

test('a unit cannot wait for itself, also not through another', async () => {
  const sync = await agentSocket()
  expect((await sync('want', 'a', 'a')).code).toBe(1)
  await sync('want', 'a', 'b')
  await sync('want', 'b', 'c')
  expect(await sync('want', 'c', 'a')).toEqual({ code: 1, said: 'coder: c cannot wait for a, which waits for it\n' })
})

test('completing what nobody has named fails, and so does what cannot be understood', async () => {
  const sync = await agentSocket()
  expect((await sync('complete', 'nothing')).code).toBe(1)
  for (const argv of [['start'], ['want', 'a'], ['start', 'a', '--timeout', 'soon'], ['other', 'a']]) {
    expect((await sync(...argv)).code).toBe(2)
  }
})
