import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readClientHello } from './client-hello.ts'
import { helloOf, withEncryptedHello } from './testing.ts'

test('a client’s hello names the server and what it would speak', async () => {
  const hello = await helloOf({ servername: 'api.test', ALPNProtocols: ['h2', 'http/1.1'] })
  expect(readClientHello(hello)).toEqual({ serverName: 'api.test', protocols: ['h2', 'http/1.1'], encrypted: false })
  expect(readClientHello(await helloOf({ host: '127.0.0.1' }))).toMatchObject({ serverName: null, protocols: [] })
})

test('it may come in any pieces, and in several records', async () => {
  const hello = await helloOf({ servername: 'api.test' })
  for (let length = 0; length < hello.length; length += 1)
    expect(readClientHello(hello.subarray(0, length))).toBe('more')
  const body = hello.subarray(5)
  const records = [body.subarray(0, 3), body.subarray(3, 60), body.subarray(60)].flatMap((part) => [
    Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]),
    part,
  ])
  expect(readClientHello(Buffer.concat(records))).toMatchObject({ serverName: 'api.test' })
})

test('an encrypted hello is seen', async () => {
  const grown = withEncryptedHello(await helloOf({ servername: 'api.test' }))
  expect(readClientHello(grown)).toMatchObject({ serverName: 'api.test', encrypted: true })
})

test('no bytes make it throw', async () => {
  const hello = await helloOf({ servername: 'api.test' })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
      const changed = Buffer.from(hello)
      for (const [at, byte] of changes) changed[at] = byte
      readClientHello(changed)
    }),
    { numRuns: 2_000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readClientHello(Buffer.from(bytes))))
})
