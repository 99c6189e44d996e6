import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Fault, startFaultProxy } from './fault-proxy.ts'

/** An echo server behind the proxy and one client: what comes back, and how the connection ended. */
async function through(fault: Fault, sent: Buffer): Promise<{ got: Buffer; ended: 'end' | 'reset' | 'open' }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await using proxy = await startFaultProxy({ port: address.port })
  proxy.set(fault, fault.mode === 'refuse' ? 'up' : 'down')

  const client = connect(proxy.port, '127.0.0.1')
  const pieces: Buffer[] = []
  let ended: 'end' | 'reset' | 'open' = 'open'
  client.on('data', (piece: Buffer) => pieces.push(piece))
  const over = new Promise<void>((resolve) => {
    client.on('end', () => {
      ended = 'end'
      resolve()
    })
    client.on('error', () => {
      ended = 'reset'
      resolve()
    })
  })
  client.end(sent)
  const silent = fault.mode === 'stall' || fault.mode === 'black-hole'
  // Nothing tells that nothing will come: here waiting is the observation itself.
  await (silent ? new Promise((resolve) => setTimeout(resolve, 200)) : over)
  client.destroy()
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')
  return { got: Buffer.concat(pieces), ended }
}

const sent = randomBytes(40_000)

test('jitter never changes the order of the bytes', async () => {
  const { got } = await through({ mode: 'latency', ms: 1, jitterMs: 20 }, numberedLines())
  expect(got.equals(numberedLines())).toBe(true)
})

test.each<Fault>([{ mode: 'pass' }, { mode: 'throttle', bytesPerSecond: 400_000 }, { mode: 'slice', bytes: 97 }])(
  '$mode loses nothing',
  async (fault) => {
    expect(await through(fault, sent)).toEqual({ got: sent, ended: 'end' })
  },
)

test('a cut comes after exactly the bytes that were asked for', async () => {
  const half = sent.subarray(0, 20_001)
  expect(await through({ mode: 'fin', afterBytes: 20_001 }, sent)).toEqual({ got: half, ended: 'end' })
  expect(await through({ mode: 'stall', afterBytes: 20_001 }, sent)).toEqual({ got: half, ended: 'open' })
  expect((await through({ mode: 'reset', afterBytes: 20_001 }, sent)).ended).toBe('reset')
})

test('a black hole stays open and silent, and a refusal resets', async () => {
  expect(await through({ mode: 'black-hole' }, sent)).toEqual({ got: Buffer.alloc(0), ended: 'open' })
  expect((await through({ mode: 'refuse' }, sent)).ended).toBe('reset')
})

test('corruption flips one bit and nothing else', async () => {
  const { got } = await through({ mode: 'corrupt', atByte: 12_345 }, sent)
  const wrong = [...got.keys()].filter((at) => got[at] !== sent[at])
  expect(wrong).toEqual([12_345])
})

/** A swap anywhere shows. */
function numberedLines(): Buffer {
  return Buffer.from(Array.from({ length: 5_000 }, (_, line) => `${line}\n`).join(''))
}
