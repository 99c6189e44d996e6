import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '@reeve/base'
import { createAuthority } from '../boundary/src/tls/authority.ts'
import { treeCpuSeconds } from './cpu.ts'
import { installSrt, type Srt } from './srt.ts'

/**
 * A world that two firewalls see alike: names of servers that are here, in an `/etc/hosts` that only they have, and for
 * each firewall what it reads: 1,000 hosts that are allowed, these among them.
 */
export interface BoundaryWorld extends Disposable {
  readonly subjects: readonly WorldSubject[]
  /** Why Anthropic's is not among them; empty when it is. */
  readonly missing: string
  readonly srt: Srt | null
  readonly hosts: readonly string[]
  readonly urls: { readonly spliced: string; readonly inspected: string; readonly denied: string }
  /** Runs a command, alone or confined. The least policy instead of the 1,000 hosts where nothing is asked of it. */
  run(subject: WorldSubject, command: readonly string[], least?: boolean): Promise<Ran>
}

export type WorldSubject = 'direct' | 'tier 1' | 'tier 2' | 'srt'

export interface Ran {
  readonly stdout: string
  readonly ms: number
  /** Of everything that was started. */
  readonly cpuMs: number
  /** Of the process that confines; the most that was seen. */
  readonly residentMb: number
}

export const downloadMebibytes = 128
const allowedHosts = 1_000
/** No address of an interface: those are closed in every policy of ours. */
const address = '127.0.0.2'
const repository = resolve(import.meta.dirname, '..')

export async function openBoundaryWorld({ withPeer = true } = {}): Promise<BoundaryWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'))
  chmodSync(folder, 0o755)
  const [home, workspace] = [join(folder, 'home'), join(folder, 'workspace')]
  for (const each of [home, workspace]) mkdirSync(each)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const authority = createAuthority({ clock: systemClock })
  const root = file('root.pem', authority.certificate)
  const secure = createHttps(
    { SNICallback: (name, done) => done(null, authority.contextFor(name)), ALPNProtocols: ['http/1.1'] },
    answer,
  )
  const plain = createHttp(answer)
  const [securePort, plainPort] = await Promise.all([secure, plain].map(listening))

  const names = ['inspected', 'spliced', 'denied'].map((name) => `${name}.bench.test`)
  const nameTable = file('hosts', `${readFileSync('/etc/hosts', 'utf8')}\n${address} ${names.join(' ')}\n`)
  const others = Array.from({ length: allowedHosts - 2 }, (_, at) => `h${at}.example.com`)
  const own = policyOf(securePort!, plainPort!)
  const policy = {
    all: file('policy.yaml', `${own}${others.map((host, at) => `    - { id: r${at}, host: ${host} }\n`).join('')}`),
    least: file('least.yaml', own),
  }
  const settings = {
    all: file('settings.json', JSON.stringify(settingsOf(others, folder))),
    least: file('least.json', JSON.stringify(settingsOf([], folder))),
  }
  const installed = withPeer ? await installSrt() : { skipped: 'it was not asked for' }
  const srt = 'skipped' in installed ? null : installed

  const words = (subject: WorldSubject, command: readonly string[], set: 'all' | 'least'): readonly string[] => {
    if (subject === 'direct') return command
    if (subject === 'srt') return [process.execPath, srt!.script, '--settings', settings[set], '--', ...command]
    const flags = ['--tier', subject.slice('tier '.length), '--policy', policy[set], '--upstream-ca', root]
    return [process.execPath, join(repository, 'bin/boundary.mjs'), ...flags, '--', ...command]
  }
  return {
    subjects: ['direct', 'tier 1', 'tier 2', ...(srt === null ? [] : (['srt'] as const))],
    missing: 'skipped' in installed ? installed.skipped : '',
    srt,
    hosts: [...names.slice(0, 2), ...others],
    urls: {
      spliced: `http://spliced.bench.test:${plainPort}`,
      inspected: `https://inspected.bench.test:${securePort}`,
      denied: `http://denied.bench.test:${plainPort}`,
    },
    run: (subject, command, least = false) =>
      ran(inside(nameTable, words(subject, command, least ? 'least' : 'all')), workspace, {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        CURL_CA_BUNDLE: root,
        NODE_EXTRA_CA_CERTS: root,
      }),
    [Symbol.dispose]() {
      for (const server of [secure, plain]) server.close().closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One event, or a long body. */
const piece = Buffer.alloc(65_536, 7)
const answer: RequestListener = (req, res) => {
  if (req.url?.startsWith('/event') === true) {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.flushHeaders()
    return void res.end('data: first\n\n')
  }
  let left = downloadMebibytes * 16
  const more = (): void => {
    for (; left > 0; left -= 1) {
      if (res.write(piece)) continue
      left -= 1
      return void res.once('drain', more)
    }
    res.end()
  }
  res.writeHead(200, { 'content-length': downloadMebibytes * 2 ** 20 })
  more()
}

const policyOf = (securePort: number, plainPort: number): string => `apiVersion: reeve/v1
name: bench
network:
  rules:
    - { id: inspected, host: inspected.bench.test, ports: [${securePort}], address_classes: [loopback], http: { methods: [GET] } }
    - { id: spliced, host: spliced.bench.test, ports: [${plainPort}], address_classes: [loopback], tcp: true }
`

/** Theirs ends TLS where it is told to (it calls that experimental), and passes on what it is told to leave. */
const settingsOf = (others: readonly string[], folder: string) => ({
  network: {
    allowedDomains: ['inspected.bench.test', 'spliced.bench.test', address, ...others],
    deniedDomains: [],
    tlsTerminate: { excludeDomains: ['spliced.bench.test'] },
  },
  filesystem: { denyRead: [], allowWrite: [folder], denyWrite: [] },
})

/** In a mount namespace, so that the names are there and the machine keeps its own. */
function inside(nameTable: string, command: readonly string[]): readonly string[] {
  const view = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])]
  return ['unshare', ...view, 'sh', '-c', `mount --bind '${nameTable}' /etc/hosts && exec "$@"`, 'sh', ...command]
}

async function ran(command: readonly string[], cwd: string, env: Record<string, string>): Promise<Ran> {
  const [program = '', ...words] = command
  const cpuBefore = endedCpuSeconds()
  const from = performance.now()
  const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr, residentMb] = ['', '', 0]
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const watch = setInterval(() => (residentMb = Math.max(residentMb, peakMb(child.pid!))), 50)
  const [code] = await once(child, 'close')
  const ms = performance.now() - from
  clearInterval(watch)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`)
  return { stdout, ms, cpuMs: (endedCpuSeconds() - cpuBefore) * 1000, residentMb }
}

/** What this process's ended children used, and theirs. */
const endedCpuSeconds = (): number => treeCpuSeconds(process.pid)

function peakMb(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.2'), 'listening')
  // SAFETY: a server that listens on a port has an address of this kind.
  return (server.address() as AddressInfo).port
}
