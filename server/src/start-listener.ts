import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Fault, toError } from '@reeve/base'
import { type Listener, type ListenerOptions, openListener } from './http/listener.ts'

/** Opens a listener, and says who has the port when somebody has it. */
export async function listenOrExplain(options: ListenerOptions, setting: string): Promise<Listener> {
  try {
    return await openListener(options)
  } catch (thrown) {
    throw explain(thrown, options.address, setting)
  }
}

export function explain(thrown: unknown, { host, port }: ListenerOptions['address'], setting: string): Fault {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const error = toError(thrown)
  const code = 'code' in error ? error.code : null
  if (code === 'EADDRINUSE') {
    const owner = portOwner(port)
    return new Fault('unavailable', `the address ${place} is taken${owner === null ? '' : ` by ${owner}`}`, {
      fix: `stop that program, or choose another address with ${setting}`,
      cause: thrown,
    })
  }
  const why =
    code === 'EACCES'
      ? 'this user may not listen there'
      : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
        ? 'this machine does not have that address'
        : error.message
  return new Fault('unavailable', `cannot listen on ${place}: ${why}`, {
    fix: `choose another address with ${setting}`,
    cause: thrown,
  })
}

/** The program that listens on a port, as far as this user may see it: `node (process 1234)`. */
function portOwner(port: number): string | null {
  const sockets = ['tcp', 'tcp6'].flatMap((table) => listeningSockets(`/proc/net/${table}`, port))
  if (sockets.length === 0) return null
  const names = new Set(sockets.map((inode) => `socket:[${inode}]`))
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const holds = entries(`/proc/${pid}/fd`).some((fd) =>
      names.has(attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? ''),
    )
    if (!holds) continue
    const program = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'a program'
    return `${program} (process ${pid})`
  }
  return null
}

function listeningSockets(table: string, port: number): string[] {
  const lines = (attempt(() => readFileSync(table, 'utf8')) ?? '').split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const isOurs = state === '0A' && Number.parseInt(local?.split(':')[1] ?? '', 16) === port
    return isOurs && inode !== undefined ? [inode] : []
  })
}

const entries = (dir: string): string[] => attempt(() => readdirSync(dir)) ?? []

function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
