import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs' // prettier-ignore
import type { ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, normalize, resolve } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '../../base/src/index.ts'
import type { BoundaryEvent } from '../../boundary/src/audit/event.ts'
import { createAuthority } from '../../boundary/src/tls/authority.ts'

/** A world behind the boundary: a web server for every name, a repository, a service that is no web server. */
export interface World extends AsyncDisposable {
  readonly folder: string
  /** Runs a script in the sandbox and tells what came of it. */
  inside(
    script: string,
    how?: {
      readonly policy?: string
      readonly as?: User
      /** The strongest that the machine has, where none is named. */
      readonly tier?: 1 | 2
      readonly env?: Record<string, string>
      readonly read?: readonly string[]
      /** What lies in home and workspace beforehand. */
      readonly before?: (folders: { readonly home: string; readonly workspace: string }) => void
      readonly onStart?: (supervisor: ChildProcess) => void
    },
  ): Promise<Outcome>
  /** What the web server was asked for. */
  readonly requests: readonly { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[]
}

export type User = 'root' | 'user'

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly events: readonly BoundaryEvent[]
  readonly workspace: string
  readonly home: string
}

/** What the repository `/private.git` of every host wants to be told. */
export const gitCredential = { username: 'x-access-token', password: 'ghs_000000000000000000000000000000world' }
const basic = `Basic ${Buffer.from(Object.values(gitCredential).join(':')).toString('base64')}`

/** Policy P0 of the acceptance suite. */
export const p0 = `
apiVersion: reeve/v1
name: p0
network:
  rules:
    - { id: api, host: api.test, http: { methods: [GET, POST], paths: ["/v1/**"] } }
    - { id: secret, effect: deny, host: api.test, http: { paths: [/v1/secret] }, reason: ask-the-owner }
    - { id: git, host: git.test }
    - { id: pkg, host: "*.pkg.test", http: { methods: [GET] } }
    - { id: ssh, tcp: true, host: git.test, ports: [22] }
`

const root = resolve(import.meta.dirname, '../..')
/** Somebody who owns nothing. */
const userId = 65_533

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-world-'))
  chmodSync(folder, 0o755)
  const authority = createAuthority({ clock: systemClock })
  const requests: { url: string; headers: Record<string, unknown> }[] = []
  const repository = makeRepository(folder)
  makePackage(folder)
  const web = createHttps(
    { SNICallback: (name, done) => done(null, authority.contextFor(name)), ALPNProtocols: ['http/1.1'] },
    (req, res) => {
      requests.push({ url: `${req.headers.host}${req.url}`, headers: req.headers })
      const url = req.url ?? '/'
      if (url.startsWith('/v1/redirect')) return void res.writeHead(302, { location: 'https://evil.test/' }).end()
      if (url.startsWith('/private.git/')) {
        if (req.headers.authorization !== basic) return askWho(res)
        return void serveFile(repository, url.replace('private', 'repo'), res)
      }
      if (url.startsWith('/repo.git/') || url === '/thing.tgz') return void serveFile(repository, url, res)
      if (url === '/thing') return void res.end(JSON.stringify(aboutPackage(req.headers.host ?? '')))
      const name =
        (req.socket instanceof Object && 'servername' in req.socket && (req.socket as TLSSocket).servername) || ''
      res.end(`reached ${req.method} ${String(name)} ${url}\n`)
    },
  )
  const banner = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-test\r\n'))
  const listening = [web, banner] as const
  const [https, ssh] = await Promise.all(listening.map(listen))
  const ports = { 443: https, 8443: https, 22: ssh, 80: https }
  let runs = 0

  return {
    folder,
    requests,
    async inside(script, { policy = p0, as = 'root', tier, env = {}, read = [], before, onStart } = {}) {
      const place = join(folder, `run-${(runs += 1)}`)
      const [home, workspace] = [join(place, 'home'), join(place, 'home/project')]
      mkdirSync(join(home, '.ssh'), { recursive: true })
      mkdirSync(join(workspace, '.git/hooks'), { recursive: true })
      writeFileSync(join(home, '.ssh/id_rsa'), 'secret key\n')
      writeFileSync(join(workspace, '.git/config'), '[core]\n')
      const file = join(place, 'world.json')
      writeFileSync(
        file,
        JSON.stringify({
          addresses,
          ports,
          roots: [authority.certificate],
          policy: readable(policy, [dirname(process.execPath), ...read]),
        }),
      )
      before?.({ home, workspace })
      if (as === 'user') own(place)
      const child = join(root, 'test/boundary/boundary-under-test.ts')
      const drop = as === 'user' ? ['setpriv', `--reuid=${userId}`, `--regid=${userId}`, '--clear-groups', '--'] : []
      const [program = '', ...words] = [...drop, process.execPath, child, file, '--policy', 'policy', ...(tier === undefined ? [] : ['--tier', String(tier)]), '--workspace', workspace, '--', 'sh', '-c', script] // prettier-ignore
      const kept = { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8', NODE: process.execPath, ...env }
      const supervisor = spawn(program, words, { cwd: workspace, env: kept, stdio: ['ignore', 'pipe', 'pipe'] })
      onStart?.(supervisor)
      const result = await ended(supervisor)
      return { ...result, events: recorded(join(home, '.local/state/reeve/boundary')), workspace, home }
    },
    async [Symbol.asyncDispose]() {
      web.closeAllConnections()
      await Promise.all(listening.map((server) => new Promise((done) => server.close(done))))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The policy with more of the machine to be read: Node may lie where nothing is shown. */
function readable(policy: string, paths: readonly string[]): string {
  const read = `read: [${paths.map((path) => `"${path}"`).join(', ')}]`
  return policy.includes('\nfiles: {')
    ? policy.replace('\nfiles: {', `\nfiles: { ${read},`)
    : `${policy}files: { ${read} }\n`
}

/** Names whose address is none that may be dialled. */
const addresses = {
  'inward.test': ['10.1.2.3'],
  'loop.test': ['127.0.0.1'],
  'meta.test': ['169.254.169.254'],
}

async function ended(child: ReturnType<typeof spawn>): Promise<Pick<Outcome, 'stdout' | 'stderr' | 'code'>> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { stdout, stderr, code }
}

function recorded(state: string): BoundaryEvent[] {
  if (!existsSync(state)) return []
  return readdirSync(state)
    .filter((name) => statSync(join(state, name)).isDirectory())
    .flatMap((name) =>
      readdirSync(join(state, name))
        .filter((file) => file.endsWith('.ndjson'))
        .map((file) => join(state, name, file)),
    ) // prettier-ignore
    .toSorted()
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

function own(path: string): void {
  chownSync(path, userId, userId)
  if (!statSync(path).isDirectory()) return
  for (const name of readdirSync(path)) own(join(path, name))
}

function listen(server: Server): Promise<number> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      // SAFETY: it listens on a port.
      done((server.address() as AddressInfo).port)
    })
  })
}

/** A repository that any web server can serve, with one commit. */
function makeRepository(folder: string): string {
  const [work, bare] = [join(folder, 'work'), join(folder, 'repo.git')]
  mkdirSync(work)
  writeFileSync(join(work, 'README'), 'hello\n')
  const git = (...words: string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], { cwd: work, encoding: 'utf8' })
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-qm', 'one')
  cpSync(join(work, '.git'), bare, { recursive: true })
  spawnSync('git', ['--git-dir', bare, 'config', 'core.bare', 'true'])
  spawnSync('git', ['--git-dir', bare, 'update-server-info'])
  return folder
}

/** A package as a registry has it, and what the registry says of it. */
function makePackage(folder: string): void {
  const place = join(folder, 'package')
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'thing', version: '1.0.0', main: 'index.js' }))
  writeFileSync(join(place, 'index.js'), "module.exports = 'a thing'\n")
  spawnSync('tar', ['-czf', 'thing.tgz', 'package'], { cwd: folder })
}

const aboutPackage = (host: string) => ({
  name: 'thing',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': { name: 'thing', version: '1.0.0', dist: { tarball: `https://${host}/thing.tgz` } } },
})

const askWho = (res: ServerResponse): void => void res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end()

function serveFile(
  folder: string,
  url: string,
  res: { writeHead(status: number): { end(): void }; end(bytes: Buffer): void },
): void {
  const path = join(folder, normalize(url.split('?')[0] ?? ''))
  if (!existsSync(path) || statSync(path).isDirectory()) return res.writeHead(404).end()
  res.end(readFileSync(path))
}
