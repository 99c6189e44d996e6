import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Duplex } from 'node:stream'
import { asDuplex, multiplexOver } from '@reeve/base'
import type { StreamHeader } from '@reeve/sdk'
import { WebSocket } from 'ws'
import { type Desk, startDesk } from '../../test/support/desk.ts'
import type { RunningServer } from '../../test/support/server.ts'
import { foreignLoad } from '../cpu.ts'
import { atLeast, atMost, doubtsAboutLoad, figure, type Finding } from '../finding.ts'
import { percentile, type Plan } from '../rounds.ts'

const mebibytes = 32
const piece = Buffer.alloc(65_536, 'x')
const exchanges = 300

/** Two connections into the workspace: one says again what it is told, the other pours when it is told something. */
interface Way extends Disposable {
  echo(): Promise<Duplex>
  pour(): Promise<Duplex>
}

/** Milliseconds there and back, and MB/s. */
interface Figures {
  readonly p50: number
  readonly p99: number
  readonly speed: number
}

/** What it costs to be in a workspace: against bare TCP to the same ports of the same machine, in the same run. */
export async function workspaceStreams(plan: Plan): Promise<Finding> {
  using undo = new DisposableStack()
  const listening = async (server: Server): Promise<number> => {
    undo.defer(() => void server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    // SAFETY: it listens on a host and a port.
    return (server.address() as AddressInfo).port
  }
  const ports = {
    echo: await listening(createServer({ noDelay: true }, (socket) => socket.on('error', () => {}).pipe(socket))),
    pour: await listening(createServer((socket) => void socket.on('error', () => {}).once('data', () => pour(socket)))),
  }
  await using desk = await startDesk()
  const foreign = foreignLoad()
  const ways: Record<string, () => Promise<Way>> = {
    'bare TCP': async () => bare(ports),
    'stream, the server that has the agent': async () => overSocket(desk, desk.holder, ports),
    'stream, relayed by another server': async () => overSocket(desk, desk.other, ports),
    'port-forward, the server that has the agent': async () => forwarded(desk, desk.holder, ports),
    'port-forward, relayed by another server': async () => forwarded(desk, desk.other, ports),
    'terminal, the server that has the agent': async () => inTerminal(desk, desk.holder),
    'terminal, relayed by another server': async () => inTerminal(desk, desk.other),
  }
  const found = new Map<string, Record<keyof Figures, number[]>>()
  for (let round = 0; round < plan.rounds; round++) {
    for (const [name, open] of Object.entries(ways)) {
      using way = await open()
      const tookMs = await roundTrips(await way.echo())
      const one = found.get(name) ?? { p50: [], p99: [], speed: [] }
      found.set(name, one)
      one.p50.push(percentile(tookMs, 0.5))
      one.p99.push(percentile(tookMs, 0.99))
      one.speed.push(await megabytesPerSecond(await way.pour()))
    }
  }
  const medians = [...found].map(([name, { p50, p99, speed }]) => ({
    name,
    p50: percentile(p50, 0.5),
    p99: percentile(p99, 0.5),
    speed: percentile(speed, 0.5),
  }))
  const [plain, ...others] = medians
  if (plain === undefined) throw new Error('nothing was measured')
  const least = (kind: string, value: (one: Figures) => number): number =>
    Math.min(...others.filter(({ name }) => name.startsWith(kind)).map(value))
  const most = (kind: string, value: (one: Figures) => number): number =>
    Math.max(...others.filter(({ name }) => name.startsWith(kind)).map(value))
  return {
    question: 'What does the way into a workspace cost?',
    method:
      `${exchanges} single bytes there and back, one after another, and ${mebibytes} MiB out of the workspace on one ` +
      'connection; bare TCP to the same listeners, and through the agent: a stream over a WebSocket of the API, ' +
      '`reeve port-forward` in a process of its own, and a terminal, which echoes what is typed and shows what a command ' +
      'prints. All of it shares the cores of this machine, the relaying server and the load included.',
    header: ['', 'there and back, p50 ms', 'p99', 'added p50', 'MB/s', '÷ bare'],
    rows: medians.map(({ name, p50, p99, speed }) => [
      name,
      figure(p50),
      figure(p99),
      name === plain.name ? '' : figure(p50 - plain.p50),
      figure(speed),
      name === plain.name ? '' : figure(speed / plain.speed),
    ]),
    targets: ['stream', 'port-forward', 'terminal'].flatMap((kind) => [
      atMost(`${kind}: added to there and back, p50`, most(kind, ({ p50 }) => p50) - plain.p50, 5, ' ms'),
      atLeast(
        `${kind}: out of the workspace, ÷ bare`,
        least(kind, ({ speed }) => speed) / plain.speed,
        kind === 'terminal' ? 0.01 : 0.04,
      ),
    ]),
    doubts: doubtsAboutLoad(foreign(), plan.foreignCoresMax),
  }
}

interface Ports {
  readonly echo: number
  readonly pour: number
}

function pour(sink: Duplex): void {
  let left = mebibytes * 16
  const more = (): void => {
    while (left > 0) {
      left -= 1
      if (!sink.write(piece)) return void sink.once('drain', more)
    }
    sink.end()
  }
  more()
}

async function roundTrips(stream: Duplex): Promise<number[]> {
  const tookMs: number[] = []
  const words = stream[Symbol.asyncIterator]()
  for (let at = 0; at < exchanges; at++) {
    const begun = performance.now()
    stream.write('x')
    const { done } = await words.next()
    if (done === true) throw new Error('the stream ended early')
    tookMs.push(performance.now() - begun)
  }
  stream.destroy()
  return tookMs
}

async function megabytesPerSecond(stream: Duplex): Promise<number> {
  const begun = performance.now()
  let bytes = 0
  stream.write('\n')
  for await (const some of stream) {
    bytes += some.length
    if (bytes >= mebibytes * 2 ** 20) break
  }
  if (bytes < mebibytes * 2 ** 20) throw new Error(`${bytes} bytes came`)
  return bytes / 1e6 / ((performance.now() - begun) / 1_000)
}

async function tcp(port: number): Promise<Duplex> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

function bare({ echo, pour: pours }: Ports): Way {
  return { echo: () => tcp(echo), pour: () => tcp(pours), [Symbol.dispose]() {} }
}

async function socketTo({ agentId, holder }: Desk, { url }: RunningServer, rest: string): Promise<WebSocket> {
  const address = `${url.replace('http', 'ws')}/api/v2/workspaceagents/${agentId}/${rest}`
  const socket = new WebSocket(address, {
    headers: { 'Reeve-Session-Token': holder.ownerToken },
    perMessageDeflate: false,
  })
  await once(socket, 'open')
  return socket
}

async function overSocket(desk: Desk, server: RunningServer, ports: Ports): Promise<Way> {
  const socket = await socketTo(desk, server, 'streams')
  const mux = multiplexOver(socket, { accept: null })
  // SAFETY: with the default `binaryType` a message is one Buffer.
  socket.on('message', (data) => mux.take(data as Buffer))
  socket.on('close', () => mux.close('closed'))
  const open = async (port: number): Promise<Duplex> => {
    const header = new TextEncoder().encode(JSON.stringify({ kind: 'tcp', port } satisfies StreamHeader))
    const stream = asDuplex(
      (options) => new Duplex(options),
      (handlers) => mux.open(header, handlers),
    )
    return stream.on('error', () => {})
  }
  return { echo: () => open(ports.echo), pour: () => open(ports.pour), [Symbol.dispose]: () => socket.terminate() }
}

const reeve = join(import.meta.dirname, '../../bin/reeve.mjs')

async function forwarded({ holder, folder }: Desk, { url }: RunningServer, ports: Ports): Promise<Way> {
  const wanted = Object.values(ports).flatMap((port) => ['--tcp', `0:${port}`])
  const child = spawn(process.execPath, [reeve, 'port-forward', 'desk', ...wanted], {
    env: { PATH: process.env['PATH'], HOME: folder, REEVE_URL: url, REEVE_TOKEN: holder.ownerToken },
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const local = new Map<number, number>()
  for await (const line of createInterface({ input: child.stderr })) {
    const [, here, there] = /127\.0\.0\.1:(\d+) is port (\d+)/.exec(line) ?? []
    if (here !== undefined) local.set(Number(there), Number(here))
    if (local.size === 2) break
  }
  const open = (port: number): Promise<Duplex> => tcp(local.get(port) ?? 0)
  return {
    echo: () => open(ports.echo),
    pour: () => open(ports.pour),
    [Symbol.dispose]: () => void child.kill(),
  }
}

/** The terminal itself echoes; what a command prints is no faster than what runs it hands on. */
async function inTerminal(desk: Desk, server: RunningServer): Promise<Way> {
  const open = async (command: string): Promise<Duplex> => {
    const query = new URLSearchParams({ command: `stty raw echo; echo ready; ${command}` })
    const socket = await socketTo(desk, server, `pty?${query}`)
    await new Promise<void>((resolve) =>
      socket.on('message', function hear(data) {
        if (!String(data).includes('ready')) return
        socket.off('message', hear)
        resolve()
      }),
    )
    const stream = new Duplex({
      read() {},
      write(chunk, _, done) {
        socket.send(JSON.stringify({ data: String(chunk) }), done)
      },
      destroy(_, done) {
        socket.terminate()
        done(null)
      },
    })
    socket.on('message', (data) => stream.push(data))
    socket.on('close', () => stream.push(null))
    return stream
  }
  return {
    echo: () => open('cat >/dev/null'),
    pour: () => open(`head -c 1 >/dev/null; head -c ${mebibytes * 2 ** 20} /dev/zero | tr '\\0' x`),
    [Symbol.dispose]() {},
  }
}
