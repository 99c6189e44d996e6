import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { buffer, json } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { ListeningPorts, recordOf } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { acceptStreams } from './accept-streams.ts'
import { recordsOf, streamsTo } from './testing.ts'

const place = { env: { PATH: process.env['PATH'] ?? '' }, directory: tmpdir(), shell: '/bin/sh' }
const workspace = () => streamsTo(acceptStreams(place))

const pipes = (command: string) => ({ kind: 'process', command, terminal: null, session: null }) as const
const terminal = (command: string, session: string | null = null) =>
  ({ kind: 'process', command, terminal: { columns: 100, rows: 30 }, session }) as const

async function listening(host: string) {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  await once(server.listen(0, host), 'listening')
  // SAFETY: it listens on a host.
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.dispose]: () => void server.close() }
}

test.each(['127.0.0.1', '::1'])(
  'a port that listens on %s is reached, and half of a connection may end',
  async (host) => {
    using streams = workspace()
    using server = await listening(host)
    const duplex = streams.open({ kind: 'tcp', port: server.port })
    const sent = Buffer.alloc(1_000_000, 'abcdef')
    duplex.end(sent)
    expect((await buffer(duplex)).equals(sent)).toBe(true)
  },
)

test('where nothing listens, the stream says so', async () => {
  using streams = workspace()
  const { port, ...server } = await listening('127.0.0.1')
  server[Symbol.dispose]()
  const duplex = streams.open({ kind: 'tcp', port })
  const [error] = await once(duplex, 'error')
  expect(error.message).toBe(`nothing listens on port ${port} of the workspace`)
})

test('a command has its input, its two outputs and its exit code', async () => {
  using streams = workspace()
  const duplex = streams.open(pipes('cat; echo wrong >&2; exit 3'))
  const got = recordsOf(duplex)
  const sent = 'x'.repeat(300_000)
  duplex.write(recordOf('input', sent))
  duplex.write(recordOf('input_end'))
  await got.ended
  expect([got.text('output') === sent, got.text('error'), got.text('exit')]).toEqual([true, 'wrong\n', '{"code":3}'])
})

test('a command that nobody waits for any more ends, and so does what it started', async () => {
  using streams = workspace()
  const duplex = streams.open(pipes('sleep 1000 & echo $!; wait'))
  const got = recordsOf(duplex)
  await expect.poll(() => got.text('output')).toMatch(/\d+\n/)
  const pid = Number(got.text('output'))
  duplex.destroy()
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test('a terminal has the size that is said, is told of another, and ends with the code of its shell', async () => {
  using streams = workspace()
  const duplex = streams.open(terminal(''))
  const got = recordsOf(duplex)
  duplex.write(recordOf('input', 'stty size; test -t 0 && echo a "terminal"\n'))
  await expect.poll(() => got.text('output')).toMatch(/30 100[^]*a terminal/)
  duplex.write(recordOf('input', "trap 'stty size' WINCH; echo set 'up'\n"))
  await expect.poll(() => got.text('output')).toContain('set up')
  duplex.write(recordOf('size', '{"columns":132,"rows":50}'))
  await expect.poll(() => (duplex.write(recordOf('input', '\n')), got.text('output'))).toContain('50 132')
  duplex.write(recordOf('input', 'exit 7\n'))
  await got.ended
  expect(JSON.parse(got.text('exit'))).toEqual({ code: 7 })
})

test('a session is found again with what it showed, and one without a name goes with its viewer', async () => {
  using streams = workspace()
  const session = '0190163d-8694-739b-aea5-966c26f8ad91'
  const first = streams.open(terminal('', session))
  const seen = recordsOf(first)
  first.write(recordOf('input', 'mark=kept; echo shown "before"; echo $$ $((40+2))\n'))
  await expect.poll(() => seen.text('output')).toMatch(/shown before[^]*\d+ 42/)
  first.destroy()
  const second = streams.open(terminal('', session))
  const again = recordsOf(second)
  second.write(recordOf('input', 'echo still "$mark"\n'))
  await expect.poll(() => again.text('output')).toMatch(/shown before[^]*still kept/)

  const passing = streams.open(terminal('echo $$ "here"; sleep 1000'))
  const got = recordsOf(passing)
  await expect.poll(() => got.text('output')).toMatch(/\d+ here/)
  const pid = Number(/(\d+) here/.exec(got.text('output'))?.[1])
  passing.destroy()
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test('a terminal that nobody reads waits, and memory does not grow', async () => {
  using streams = workspace()
  const duplex = streams.open(terminal('yes; true'))
  await once(duplex, 'readable')
  const got = recordsOf(duplex)
  await expect.poll(() => got.text('output').length).toBeGreaterThan(200_000)
  duplex.destroy()
})

test('ports that listen are told with who listens', async () => {
  using streams = workspace()
  using server = await listening('127.0.0.1')
  const { ports } = ListeningPorts.parse(await json(streams.open({ kind: 'ports' })))
  expect(ports).toContainEqual({ port: server.port, network: 'tcp', process_name: expect.stringMatching(/./) })
})

test('what this agent does not know is refused, and what is no record ends the stream', async () => {
  using streams = workspace()
  // @ts-expect-error -- of a later version
  const [error] = await once(streams.open({ kind: 'video' }), 'error')
  expect(error.message).toMatch('older')
  const duplex = streams.open(pipes('cat'))
  duplex.write(Buffer.from([99, 0, 0, 0, 0]))
  await once(duplex, 'error')
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
