import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { type Front, given, makeCertificate, startFront } from './front.ts'

const file = resolve(import.meta.dirname, '../../deploy/nginx/reeve.conf')

export const whyNoNginx = (): string | null =>
  spawnSync('nginx', ['-v']).error === undefined ? null : 'nginx is not installed (apt-get install nginx-light)'

export async function startNginx(folder: string, port: number, serverPort: number): Promise<Front> {
  const plainPort = await freePort()
  const at = (name: string): string => join(folder, name)
  mkdirSync(at('temp'), { recursive: true })
  makeCertificate(folder)
  const conf = given(file, [
    ['listen 443 ', `listen 127.0.0.1:${port} `],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['server_name reeve.example.com ', 'server_name localhost '],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${serverPort};`],
    ['/etc/nginx/', `${folder}/`],
    ['/var/log/nginx/', `${folder}/`],
  ])
  writeFileSync(at('reeve.conf'), conf)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${at('temp')};`)
  const main = [
    process.getuid?.() === 0 ? 'user root;' : '',
    `daemon off; worker_processes 1; pid ${at('nginx.pid')}; error_log ${at('error.log')};`,
    'events {}',
    `http { ${temporary.join(' ')} include ${at('reeve.conf')}; }`,
  ]
  writeFileSync(at('nginx.conf'), main.join('\n'))
  const command = ['nginx', '-p', folder, '-e', at('error.log'), '-c', at('nginx.conf')] as const
  return startFront(command, { folder, port, plainPort, troubles: 'error.log' })
}
