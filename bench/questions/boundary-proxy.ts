import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  connect as connectHttp2,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { request } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { systemClock } from '@reeve/base'
import { createAuthority } from '../../boundary/src/tls/authority.ts'
import { foreignLoad } from '../cpu.ts'
import { atLeast, atMost, doubtsAboutLoad, figure, type Finding } from '../finding.ts'
import { percentile, type Plan } from '../rounds.ts'

/** What the boundary's process says of itself. */
interface Host {
  readonly web: number
  readonly raw: number
  readonly bareWeb: number
  readonly bareRaw: number
  readonly certificate: string
}

const mebibytes = 128
const piece = Buffer.alloc(65_536, 7)
const exchanges = 300

/** How much a connection loses by being decided, read and recorded: against a bare pipe in the same process and run. */
export async function boundaryProxy(plan: Plan): Promise<Finding> {
  const authority = createAuthority({ clock: systemClock })
  const web = createSecureServer(
    { allowHTTP1: true, SNICallback: (name, done) => done(null, authority.contextFor(name)) },
    serve,
  )
  const raw = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    pour(socket)
  })
  const ports = await Promise.all([web, raw].map(listening))
  const child = fork(join(import.meta.dirname, '..', 'boundary-host.ts'), [...ports.map(String), authority.certificate])
  try {
    // SAFETY: it is the first message of a process that this file's neighbour is.
    const [host] = (await once(child, 'message')) as [Host]
    return await measure(host, authority.certificate, child, plan)
  } finally {
    child.kill()
    web.close()
    raw.close()
  }
}

type Way = 'raw' | 'h1' | 'h2'

async function measure(host: Host, root: string, child: ChildProcess, plan: Plan): Promise<Finding> {
  const foreign = foreignLoad()
  const speeds: Record<string, number[]> = {}
  const keep = (name: string, value: number): void => void (speeds[name] ??= []).push(value)
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const way of ['raw', 'h1', 'h2'] as const satisfies Way[]) {
      const [own, bare] = way === 'raw' ? [host.raw, host.bareRaw] : [host.web, host.bareWeb]
      keep(`${way} bare`, await megabytesPerSecond(way, bare, root))
      keep(way, await megabytesPerSecond(way, own, host.certificate))
    }
    keep('first byte bare', percentile(await firstByteDelays(host.bareWeb, root, '/v1/events'), 0.5))
    keep('first byte', percentile(await firstByteDelays(host.web, host.certificate, '/v1/events'), 0.5))
    const denied = await firstByteDelays(host.web, host.certificate, '/denied')
    keep('denied p50', percentile(denied, 0.5))
    keep('denied p99', percentile(denied, 0.99))
  }
  const mid = (name: string): number => percentile(speeds[name] ?? [], 0.5)
  child.send('memory')
  // SAFETY: as above.
  const [{ residentBytes }] = (await once(child, 'message')) as [{ residentBytes: number }]
  const row = (label: string, way: Way): string[] => [
    label,
    figure(mid(`${way} bare`)),
    figure(mid(way)),
    figure(mid(way) / mid(`${way} bare`)),
  ]
  return {
    question: 'What does a connection lose on its way through the boundary?',
    method: `${mebibytes} MiB downloads on one connection, against a bare pipe of the same bytes in the same process; then ${exchanges} requests one after another: until the first event of a stream, and until a denial is read. 202 rules, the record on disk. Clients and servers share one other process, TLS included.`,
    header: ['', 'bare pipe', 'boundary', 'ratio'],
    rows: [
      row('spliced, MB/s', 'raw'),
      row('inspected HTTP/1.1, MB/s', 'h1'),
      row('inspected HTTP/2, MB/s', 'h2'),
      ['first event, median ms', figure(mid('first byte bare')), figure(mid('first byte')), ''],
      ['denial, median and p99 ms', '', `${figure(mid('denied p50'))}, ${figure(mid('denied p99'))}`, ''],
      ['resident memory, MB', '', figure(residentBytes / 2 ** 20), ''],
    ],
    targets: [
      atLeast('spliced ÷ bare', mid('raw') / mid('raw bare'), 0.8),
      atLeast('inspected HTTP/1.1 ÷ bare', mid('h1') / mid('h1 bare'), 0.6),
      atLeast('inspected HTTP/2 ÷ bare', mid('h2') / mid('h2 bare'), 0.6),
      atLeast('spliced', mid('raw'), 150, ' MB/s'),
      atLeast('inspected HTTP/1.1', mid('h1'), 200, ' MB/s'),
      atLeast('inspected HTTP/2', mid('h2'), 200, ' MB/s'),
      atMost('first event, added', mid('first byte') - mid('first byte bare'), 5, ' ms'),
      atMost('resident memory', residentBytes / 2 ** 20, 120, ' MB'),
    ],
    doubts: doubtsAboutLoad(foreign(), plan.foreignCoresMax),
  }
}

function serve(req: Http2ServerRequest, res: Http2ServerResponse): void {
  if (req.url === '/v1/events') {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.end('data: first\n\n')
  } else {
    res.writeHead(200)
    pour(res)
  }
}

function pour(sink: NodeJS.WritableStream): void {
  let left = mebibytes * 16
  const more = (): void => {
    for (; left > 0; left -= 1) {
      if (!sink.write(piece)) {
        left -= 1
        return void sink.once('drain', more)
      }
    }
    sink.end()
  }
  more()
}

async function megabytesPerSecond(way: Way, port: number, root: string): Promise<number> {
  const from = performance.now()
  const bytes = await (way === 'raw' ? drain(connect({ port, host: '127.0.0.1' })) : download(way, port, root))
  return bytes / 1e6 / ((performance.now() - from) / 1000)
}

async function download(way: 'h1' | 'h2', port: number, root: string): Promise<number> {
  const socket = await secure(port, root, way === 'h2' ? 'h2' : 'http/1.1')
  if (way === 'h1') {
    const bytes = await new Promise<number>((resolve, reject) => {
      const req = request({ createConnection: () => socket, path: '/v1/bytes', headers: { host: 'api.test' } })
      req.on('error', reject).on('response', (res) => void drain(res).then(resolve, reject))
      req.end()
    })
    socket.destroy()
    return bytes
  }
  const session = connectHttp2('https://api.test', {
    createConnection: () => socket,
    settings: { initialWindowSize: 4_194_304 },
  })
  session.once('connect', () => session.setLocalWindowSize(16_777_216))
  const bytes = await drain(session.request({ ':path': '/v1/bytes' }))
  session.destroy()
  return bytes
}

async function drain(source: Readable): Promise<number> {
  let bytes = 0
  source.on('data', (part: Buffer) => (bytes += part.length))
  await once(source, 'end')
  if (bytes !== mebibytes * 2 ** 20) throw new Error(`${bytes} bytes arrived`)
  return bytes
}

/** Milliseconds until the first byte of each answer, on one connection. */
async function firstByteDelays(port: number, root: string, path: string): Promise<number[]> {
  const socket = await secure(port, root, 'http/1.1')
  const delays: number[] = []
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  for (let at = 0; at < exchanges; at += 1) {
    text = ''
    const from = performance.now()
    socket.write(`GET ${path} HTTP/1.1\r\nHost: api.test\r\n\r\n`)
    while (!firstByte.test(text)) await once(socket, 'data')
    delays.push(performance.now() - from)
    while (!wholeAnswer.test(text)) await once(socket, 'data')
  }
  socket.destroy()
  return delays
}

/** The first event of the stream, or the denial's text. */
const firstByte = /\r\n\r\n[\s\S]*(?:data: first|\}\n$)/
const wholeAnswer = /(?:\r\n0\r\n\r\n|\}\n)$/

async function secure(port: number, root: string, protocol: string): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'api.test', ca: root, ALPNProtocols: [protocol] })
  await once(socket, 'secureConnect')
  return socket
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: a server that listens on a port has an address of this kind.
  return (server.address() as AddressInfo).port
}
