import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { askAgent, askBoundary } from './ask-agent.ts'
import { linkedAccount } from './linked-account.ts'
import { passOn } from './pass-on.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  closing.push(() => new Promise((done) => server.close(done)))
  // SAFETY: it listens on a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const echo: RequestListener = ({ url, headers }, res) =>
  void res.end(JSON.stringify({ url: String(url), host: headers.host }))
const question = { method: 'GET', path: '/git-credentials/git.test' } as const

test('behind a boundary the boundary is asked at its address', async () => {
  const door = await listening(echo)
  const answer = await askBoundary(
    { REEVE_AGENT_DOOR: door, no_proxy: '*', http_proxy: 'http://127.0.0.1:1' },
    question,
  )
  expect(answer['url']).toBe('/git-credentials/git.test')
})

test('where connections are not captured, it is asked by its proxy', async () => {
  const env = {
    REEVE_AGENT_DOOR: 'http://workspace.reeve.internal',
    http_proxy: await listening(echo),
    no_proxy: '127.0.0.1',
  }
  expect(await askBoundary(env, question)).toEqual({
    url: 'http://workspace.reeve.internal/git-credentials/git.test',
    host: 'workspace.reeve.internal',
  })
})

test('a denial is told with its way out, and what is no answer of an agent is none', async () => {
  const denied = {
    title: 'Denied by network policy',
    host: 'git.test',
    detail: 'A policy decision.',
    help: 'reeve explain dny_1',
  }
  const door = await listening(({ url }, res) =>
    url === '/app-status' ? void res.end('<html>') : void res.writeHead(403).end(JSON.stringify(denied)),
  )
  await expect(askBoundary({ REEVE_AGENT_DOOR: door }, question)).rejects.toMatchObject({
    code: 'forbidden',
    message: 'Denied by network policy: git.test',
    fix: 'A policy decision.\nreeve explain dny_1',
  })
  await expect(askBoundary({ REEVE_AGENT_DOOR: door }, { ...question, path: '/app-status' })).rejects.toMatchObject({
    code: 'unavailable',
  })
})

test('a boundary is asked for credentials by host and over TLS alone, and for nothing else of the agent', async () => {
  const env = { REEVE_AGENT_DOOR: await listening(echo) }
  const paths = [{ match: 'https://git.test:8443/one/two' }, { id: 'git.test' }].map(async (wanted) => {
    const { url } = await linkedAccount(env, wanted)
    return url
  })
  expect(await Promise.all(paths)).toEqual(['/git-credentials/git.test:8443', '/git-credentials/git.test'])
  await expect(linkedAccount(env, { id: 'github' })).rejects.toMatchObject({ code: 'invalid' })
  await expect(linkedAccount(env, { match: 'http://git.test' })).rejects.toMatchObject({ code: 'invalid' })
  await expect(askAgent(env, 'GET', '/ssh-key')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(askAgent({}, 'GET', '/ssh-key')).rejects.toMatchObject({ code: 'unavailable' })
})

test('a command that is not known behind a boundary is looked for elsewhere, and never found to be itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-pass-on-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'coder'), '#!/bin/sh\nexit 3\n')
  chmodSync(join(folder, 'coder'), 0o755)
  const told: string[] = []
  const run = { argv: ['version'], out: () => {}, err: (text: string) => void told.push(text) }
  const env = { PATH: folder }
  expect(await passOn('coder', { ...run, env: { ...env, REEVE_AGENT_COMMANDS: `${folder}:/usr/bin/node` } })).toBe(127)
  expect(told).toEqual(['coder: there is no coder version in this workspace\n'])
  expect(await passOn('coder', { ...run, env })).toBe(3)
})
