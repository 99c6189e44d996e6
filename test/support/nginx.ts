import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'

/** nginx with the file that we give people, in front of a server of this machine. */
export interface Nginx extends AsyncDisposable {
  /** Where it speaks TLS, as `localhost`, with a certificate that signs itself. */
  readonly port: number
  readonly plainPort: number
  readonly certificate: string
  /** What its log says of requests. */
  readonly log: () => string
}

const given = resolve(import.meta.dirname, '../../deploy/nginx/reeve.conf')

export const whyNoNginx = (): string | null =>
  spawnSync('nginx', ['-v']).error === undefined ? null : 'nginx is not installed (apt-get install nginx-light)'

/** Only names, ports, paths and the address of the server are others than in the file. */
export async function startNginx(folder: string, port: number, serverPort: number): Promise<Nginx> {
  const plainPort = await freePort()
  const at = (name: string): string => join(folder, name)
  mkdirSync(at('temp'), { recursive: true })
  const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', at('reeve.key'), '-out', at('reeve.crt')]
  execFileSync('openssl', [...made.split(' '), ...names], { stdio: 'ignore' })
  const replaced: readonly (readonly [string, string])[] = [
    ['listen 443 ', `listen 127.0.0.1:${port} `],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['server_name reeve.example.com ', 'server_name localhost '],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${serverPort};`],
    ['/etc/nginx/', `${folder}/`],
    ['/var/log/nginx/', `${folder}/`],
  ]
  let conf = readFileSync(given, 'utf8')
  for (const [from, to] of replaced) {
    if (!conf.includes(from)) throw new Error(`${given} has no "${from}" any more`)
    conf = conf.replaceAll(from, to)
  }
  writeFileSync(at('reeve.conf'), conf)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${at('temp')};`)
  const main = [
    process.getuid?.() === 0 ? 'user root;' : '',
    `daemon off; worker_processes 1; pid ${at('nginx.pid')}; error_log ${at('error.log')};`,
    'events {}',
    `http { ${temporary.join(' ')} include ${at('reeve.conf')}; }`,
  ]
  writeFileSync(at('nginx.conf'), main.join('\n'))
  const nginx = spawn('nginx', ['-p', folder, '-e', at('error.log'), '-c', at('nginx.conf')], { stdio: 'ignore' })
  const ended = once(nginx, 'exit')
  while (!(await answers(port))) {
    if (nginx.exitCode !== null) throw new Error(`nginx did not start\n${readFileSync(at('error.log'), 'utf8')}`)
  }
  return {
    port,
    plainPort,
    certificate: readFileSync(at('reeve.crt'), 'utf8'),
    log: () => readFileSync(at('reeve.log'), 'utf8'),
    async [Symbol.asyncDispose]() {
      nginx.kill()
      await ended
    },
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isUp = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  if (!isUp) await new Promise((later) => setTimeout(later, 50))
  return isUp
}
