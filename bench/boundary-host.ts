import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { compilePolicy, parsePolicy } from '@reeve/policy'
import { createRecorder } from '../boundary/src/audit/recorder.ts'
import { openSpool } from '../boundary/src/audit/spool.ts'
import { nodeSpoolFiles } from '../boundary/src/audit/spool-files.ts'
import { noApprovals } from '../boundary/src/commands/approvals.ts'
import { createDial } from '../boundary/src/dial/dial.ts'
import { connectTo } from '../boundary/src/dial/machine.ts'
import { createNameGate } from '../boundary/src/dns/name-limits.ts'
import { createNames } from '../boundary/src/dns/names.ts'
import { createResolver } from '../boundary/src/dns/resolver.ts'
import { policyJudge } from '../boundary/src/proxy/policy-judge.ts'
import { createProxy } from '../boundary/src/proxy/proxy.ts'
import { createUpstreams } from '../boundary/src/proxy/upstreams.ts'
import { systemTimers } from '../boundary/src/timers.ts'
import { createAuthority } from '../boundary/src/tls/authority.ts'

/**
 * The boundary's network in a process of its own, without a jail, and beside it a bare pipe: the least that Node does between
 * two sockets. Arguments: the ports of the web server and of the raw server, and the certificate that the first is signed by.
 */
const [webPort = 0, rawPort = 0] = process.argv.slice(2, 4).map(Number)
const root = process.argv[4] ?? ''

const rules = Array.from(
  { length: 200 },
  (_, at) => `    - { id: r${at}, host: h${at}.test, http: { paths: ["/v1/**"] } }`,
)
const { policy } = parsePolicy(`apiVersion: reeve/v1
name: bench
network:
  rules:
    - { id: api, host: api.test, http: { methods: [GET, POST], paths: ["/v1/**"] } }
    - { id: raw, host: raw.test, ports: [9000], tcp: true }
${rules.join('\n')}
`)
if (policy === null) throw new Error('the policy of the benchmark cannot be read')

const clock = systemClock
const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'))
const spool = openSpool({ files: nodeSpoolFiles(folder), clock, timers: systemTimers, log: silentLog })
const recorder = createRecorder({
  session: '01934f2a-0000-7000-8000-000000000001',
  tier: 1,
  policy: () => ({ name: 'bench', version: 1 }),
  spool,
  clock,
  timers: systemTimers,
})
const judge = policyJudge(
  { current: compilePolicy([{ label: 'bench@v1', document: policy }]), expired: false, onChange() {} },
  clock,
)
const dial = createDial({
  resolve: async () => ['93.184.216.34'],
  connect: async (_, port, signal) => await connectTo('127.0.0.1', port === 443 ? webPort : rawPort, signal),
  ownAddresses: () => new Set(),
  corporateProxy: null,
})
const names = createNames()
const gate = createNameGate(() => false)
const authority = createAuthority({ clock })
const upstreams = createUpstreams({ dial, roots: [root] })
const resolver = createResolver({ judge, names, gate, recorder, deniedNames: 'page' })
const proxy = createProxy({
  judge,
  recorder,
  dial,
  upstreams,
  gate,
  seal: null,
  injects: () => [],
  canRequest: false,
  approvals: noApprovals,
  askWaitMs: () => 0,
  timers: systemTimers,
  clock,
  log: silentLog,
  authority,
  names,
  resolver,
  door: null,
})
const caller = { pid: 1, exe: '/usr/bin/curl', argv: ['curl'], exes: ['/usr/bin/curl'], tree: ['curl'] }

function inside(host: string, port: number): Promise<number> {
  const address = names.addressesOf(host)!.four
  return listen((socket) => proxy.accept(socket, { address, port }, async () => caller))
}

const bare = (port: number) =>
  listen((socket) => {
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    for (const side of [socket, server]) side.on('error', () => side.destroy())
    socket.pipe(server)
    server.pipe(socket)
  })

async function listen(handler: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // SAFETY: a server that listens on a port has an address of this kind.
  return (server.address() as AddressInfo).port
}

process.on('message', () => process.send?.({ residentBytes: process.memoryUsage.rss() }))
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
})
process.send?.({
  web: await inside('api.test', 443),
  raw: await inside('raw.test', 9000),
  bareWeb: await bare(webPort),
  bareRaw: await bare(rawPort),
  certificate: authority.certificate,
})
