import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

/** A proxy with the file that we give people, in front of a server of this machine. */
export interface Front extends AsyncDisposable {
  /** Where it speaks TLS, as `localhost`, with a certificate that signs itself. */
  readonly port: number
  readonly plainPort: number
  readonly certificate: string
  /** What its log says of requests. */
  readonly log: () => string
}

/** `reeve.crt` and `reeve.key`, for `localhost`. */
export function makeCertificate(folder: string): void {
  const at = (name: string): string => join(folder, name)
  const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', at('reeve.key'), '-out', at('reeve.crt')]
  execFileSync('openssl', [...made.split(' '), ...names], { stdio: 'ignore' })
}

/** The file that we give people, with what is another here: only names, ports, paths and the address of the server. */
export function given(file: string, replaced: readonly (readonly [string, string])[]): string {
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of replaced) {
    if (!text.includes(from)) throw new Error(`${file} has no "${from}" any more`)
    text = text.replaceAll(from, to)
  }
  return text
}

export interface FrontPlace {
  /** Where the certificate is, and where the proxy writes `reeve.log`. */
  readonly folder: string
  readonly port: number
  readonly plainPort: number
  /** The file below the folder that says why it did not start. */
  readonly troubles: string
}

/** Once it listens. */
export async function startFront(command: readonly [string, ...string[]], place: FrontPlace): Promise<Front> {
  const { port, plainPort } = place
  const [program, ...args] = command
  const read = (name: string): string => readFileSync(join(place.folder, name), 'utf8')
  const proxy = spawn(program, args, { stdio: 'ignore' })
  const ended = once(proxy, 'exit')
  while (!(await answers(port))) {
    if (proxy.exitCode !== null) throw new Error(`the proxy did not start\n${read(place.troubles)}`)
  }
  return {
    port,
    plainPort,
    certificate: read('reeve.crt'),
    log: () => read('reeve.log'),
    async [Symbol.asyncDispose]() {
      proxy.kill()
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
