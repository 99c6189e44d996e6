import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join, normalize } from 'node:path'
import { systemClock } from '../../base/src/index.ts'
import { createAuthority } from '../../boundary/src/tls/authority.ts'

/** A Git host of every name behind a proxy, with one repository, `/private.git`, for those who have a credential. */
export interface GitHost extends AsyncDisposable {
  /** Of the proxy, for `HTTPS_PROXY`. */
  readonly proxy: string
  /** A file with the authority of its certificates. */
  readonly certificates: string
}

/** Of this machine in the network that it shares with others; null where it has none. */
export const addressInNetwork = (): string | null =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null

/** `accepts` is asked about the password of each request; everything is kept in the folder. */
export async function openGitHost(
  folder: string,
  address: string,
  accepts: (password: string) => boolean,
): Promise<GitHost> {
  const authority = createAuthority({ clock: systemClock })
  const repository = makeRepository(folder)
  const host = createHttps({ SNICallback: (name, done) => done(null, authority.contextFor(name)) }, (req, res) => {
    const [, credential = ''] = /^Basic (.+)$/.exec(req.headers.authorization ?? '') ?? []
    const password = Buffer.from(credential, 'base64').toString().split(':')[1] ?? ''
    if (!accepts(password)) return void res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end()
    const path = join(repository, normalize((req.url ?? '/').split('?')[0] ?? '').replace('/private.git', ''))
    if (!existsSync(path) || statSync(path).isDirectory()) return void res.writeHead(404).end()
    res.end(readFileSync(path))
  })
  const inside = await listening(host, '127.0.0.1')
  const proxy = createHttp((_, res) => void res.writeHead(405).end())
  proxy.on('connect', (_, socket) => {
    const server = connect(inside, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(server).pipe(socket)
    })
    for (const side of [socket, server]) {
      side.on('error', () => {})
      side.once('close', () => (socket.destroy(), server.destroy()))
    }
  })
  const certificates = join(folder, 'git-host.crt')
  writeFileSync(certificates, authority.certificate)
  return {
    proxy: `http://${address}:${await listening(proxy, address)}`,
    certificates,
    async [Symbol.asyncDispose]() {
      host.closeAllConnections()
      proxy.closeAllConnections()
      await Promise.all([host, proxy].map((server) => new Promise((done) => server.close(done))))
    },
  }
}

const listening = (server: Server, address: string): Promise<number> =>
  new Promise((done) => {
    // SAFETY: it listens on a port.
    server.listen(0, address, () => done((server.address() as AddressInfo).port))
  })

/** A repository that any web server can serve, with one commit. */
function makeRepository(folder: string): string {
  const [work, bare] = [join(folder, 'git-work'), join(folder, 'private.git')]
  mkdirSync(work)
  writeFileSync(join(work, 'README'), 'private\n')
  const git = (...words: string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], { cwd: work })
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-qm', 'one')
  cpSync(join(work, '.git'), bare, { recursive: true })
  spawnSync('git', ['--git-dir', bare, 'update-server-info'])
  return bare
}
