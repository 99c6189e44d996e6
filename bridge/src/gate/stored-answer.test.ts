import { expect, test } from 'vitest'
import { everythingAllowed, type Policy } from '../policy.ts'
import { clientToken, rawRequest, startRawUpstream } from '../testing/raw-http.ts'
import { startBridge } from '../testing/start-bridge.ts'

const noTools: Policy = {
  ...everythingAllowed,
  tools: () => ({ decide: () => ({ rule: 'tools of acme', message: 'Ask Dana.' }) }),
}

test('an answer that was asked for in the background gives out no denied tool call when it is fetched', async () => {
  const item = { type: 'function_call', call_id: 'call_1', name: 'Bash', arguments: '{}' }
  const body = JSON.stringify({ id: 'resp_1', object: 'response', status: 'completed', output: [item] })
  await using upstream = await startRawUpstream((socket) =>
    socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
  )
  await using reeve = await startBridge(upstream.url, { provider: 'openai', policy: noTools })
  const got = await rawRequest(
    reeve.port,
    `GET /v1/responses/resp_1 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${clientToken}\r\nconnection: close\r\n\r\n`,
  )
  await reeve.recorder.ended(1)
  expect(got.head).toMatch(/^HTTP\/1.1 400 /)
  expect(got.body).not.toContain('Bash')
  expect(reeve.recorder.records[0]!.end).toMatchObject({ outcome: 'denied', decisions: [{ name: 'Bash' }] })
})

test('a list of models passes as it is, whatever a policy says', async () => {
  const body = '{"data":[{"id":"large","type":"model"}]}'
  await using upstream = await startRawUpstream((socket) =>
    socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
  )
  await using reeve = await startBridge(upstream.url, { provider: 'openai', policy: noTools })
  const got = await rawRequest(
    reeve.port,
    `GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${clientToken}\r\nconnection: close\r\n\r\n`,
  )
  expect(got.body).toBe(body)
})
