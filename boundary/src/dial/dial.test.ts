import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { corporateProxyFrom } from './corporate-proxy.ts'
import { createDial, type DialEffects } from './dial.ts'
import { connectTo } from './machine.ts'

const never = new AbortController().signal
const failing = (code: string) => Object.assign(new Error(code), { code })

function effects(options: Partial<DialEffects>): DialEffects {
  return {
    resolve: async () => ['93.184.216.34'],
    connect: async () => Promise.reject(failing('ECONNREFUSED')),
    ownAddresses: () => new Set(),
    corporateProxy: null,
    ...options,
  }
}

async function listen(handler: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const server: Server = createServer(handler)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { port, [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve))) }
}

test('a name is resolved once, and what is connected to is what was judged', async () => {
  const answers = [['93.184.216.34'], ['127.0.0.1']]
  const connected: string[] = []
  const dial = createDial(
    effects({
      resolve: async () => answers.shift()!,
      connect: async (address) => {
        connected.push(address)
        throw failing('ECONNREFUSED')
      },
    }),
  )
  expect(await dial({ host: 'rebound.test', port: 80, deniedClasses: ['loopback'] }, never)).toEqual({
    failed: 'connection-refused',
  })
  expect(connected).toEqual(['93.184.216.34'])
  expect(answers.length).toBe(1)
})

test('metadata is refused although nothing denies it, by address and by name', async () => {
  const dial = createDial(effects({ resolve: async () => ['169.254.169.254'] }))
  const refused = { refused: 'address-class', classes: ['metadata'] }
  expect(await dial({ host: 'any.test', port: 80, deniedClasses: [] }, never)).toEqual(refused)
  expect(await dial({ host: 'metadata.google.internal', port: 80, deniedClasses: [] }, never)).toEqual(refused)
})

test('an address that does not answer does not keep the next from being tried', async () => {
  await using server = await listen((socket) => socket.end())
  const dial = createDial(
    effects({
      resolve: async () => ['2606:2800:220:1::1', '93.184.216.34'],
      connect: async (address, _, signal) => {
        if (address.includes('.')) return await connectTo('127.0.0.1', server.port, signal)
        return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(failing('ABORT_ERR'))))
      },
    }),
  )
  const dialled = await dial({ host: 'six.test', port: 80, deniedClasses: [] }, never)
  expect(dialled).toMatchObject({ address: '93.184.216.34' })
  if ('socket' in dialled) dialled.socket.destroy()
})

test('a name that is nowhere and a wait that is too long are told apart', async () => {
  const nowhere = createDial(effects({ resolve: async () => Promise.reject(failing('ENOTFOUND')) }))
  expect(await nowhere({ host: 'no.test', port: 80, deniedClasses: [] }, never)).toEqual({ failed: 'name-not-found' })
  const slow = createDial(
    effects({
      connect: async (_, __, signal) =>
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(failing('ABORT_ERR')))),
    }),
    { timeoutMs: 20 },
  )
  expect(await slow({ host: 'slow.test', port: 80, deniedClasses: [] }, never)).toEqual({ failed: 'timeout' })
})

test('a company’s proxy is asked by name, with its credential, and not for what is exempt', async () => {
  const heads: string[] = []
  await using server = await listen((socket) => {
    socket.once('data', (piece) => {
      heads.push(String(piece))
      socket.end(heads.length === 1 ? 'HTTP/1.1 200 OK\r\n\r\nhello' : 'HTTP/1.1 403 No\r\n\r\n')
    })
  })
  const proxy = corporateProxyFrom({
    HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${server.port}`,
    NO_PROXY: 'inner.test, .corp',
  })!
  expect(['a.test', 'inner.test', 'x.inner.test', 'x.corp', 'xcorp'].map((host) => proxy.covers(host))).toEqual([
    true,
    false,
    false,
    false,
    true,
  ])
  const dial = createDial(effects({ corporateProxy: proxy, resolve: async () => Promise.reject(failing('ENOTFOUND')) }))
  const dialled = await dial({ host: 'a.test', port: 443, deniedClasses: ['private'] }, never)
  expect(dialled).toMatchObject({ address: null })
  if ('socket' in dialled) {
    let text = ''
    for await (const piece of dialled.socket) text += String(piece)
    expect(text).toBe('hello')
  }
  expect(heads[0]).toBe(
    `CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic ${Buffer.from('me:p@ss').toString('base64')}\r\n\r\n`,
  )
  expect(await dial({ host: 'b.test', port: 443, deniedClasses: [] }, never)).toEqual({ failed: 'proxy-refused' })
  expect(() => corporateProxyFrom({ HTTPS_PROXY: 'socks5://x:1' })).toThrow(/HTTP proxy/)
  expect(corporateProxyFrom({})).toBeNull()
})
