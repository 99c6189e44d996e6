import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import type { Io } from './io.ts'

/**
 * The deployments that this user has signed in to, with the token for each: `$XDG_CONFIG_HOME/reeve/deployments.json`,
 * readable by nobody else. A token is only ever sent to the address that it is stored under.
 */
export interface Deployments {
  /** The address that commands use when none is named. */
  readonly current: string | null
  readonly tokens: Readonly<Record<string, string>>
}

const none: Deployments = { current: null, tokens: {} }

export function deploymentsFile(io: Pick<Io, 'env' | 'home'>): string | null {
  const xdg = io.env['XDG_CONFIG_HOME'] ?? ''
  // The XDG specification has relative paths ignored.
  const base = xdg.startsWith('/') ? xdg : io.home === '' ? null : join(io.home, '.config')
  return base === null ? null : join(base, 'reeve', 'deployments.json')
}

export async function readDeployments(io: Pick<Io, 'env' | 'home'>): Promise<Deployments> {
  const file = deploymentsFile(io)
  if (file === null) return none
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (thrown) {
    if (isMissing(thrown)) return none
    throw new Fault('internal', `cannot read ${file}: ${toError(thrown).message}`, { cause: thrown })
  }
  const read = parseDeployments(text)
  if (read !== null) return read
  throw new Fault('internal', `${file} is damaged`, { fix: 'remove it and sign in again' })
}

export async function writeDeployments(io: Pick<Io, 'env' | 'home'>, deployments: Deployments): Promise<void> {
  const file = deploymentsFile(io)
  if (file === null) {
    throw new Fault('invalid', 'there is no home directory to keep the token in', {
      fix: 'set XDG_CONFIG_HOME, or pass REEVE_URL and REEVE_SESSION_TOKEN instead of signing in',
    })
  }
  await writePrivate(file, `${JSON.stringify(deployments, null, 2)}\n`)
}

/**
 * Replaces a file in one step, so that a crash leaves the old one or the new one; only its owner may read it, unless the
 * mode says otherwise.
 */
export async function writePrivate(file: string, content: string, mode = 0o600): Promise<void> {
  const half = `${file}.${crypto.randomUUID().slice(0, 8)}.tmp`
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(half, content, { mode: 0o600, flag: 'wx', flush: true })
    // The umask may have taken bits away, never added any; this makes the mode exact.
    await chmod(half, mode)
    await rename(half, file)
  } catch (thrown) {
    await rm(half, { force: true })
    throw new Fault('internal', `cannot write ${file}: ${toError(thrown).message}`, { cause: thrown })
  }
}

export const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')

function parseDeployments(text: string): Deployments | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || !('tokens' in value) || !('current' in value)) return null
  const { current, tokens } = value
  if (current !== null && typeof current !== 'string') return null
  if (typeof tokens !== 'object' || tokens === null) return null
  return {
    current,
    tokens: Object.fromEntries(Object.entries(tokens).filter(([, token]) => typeof token === 'string')),
  }
}

/**
 * An address as it is stored and compared: with its scheme, without a trailing slash. Without a scheme, a loopback host
 * means http and any other https.
 */
export function normalizeUrl(text: string): string {
  const trimmed = text.trim()
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)
    ? trimmed
    : `${isLoopback(trimmed) ? 'http' : 'https'}://${trimmed}`
  const url = URL.parse(withScheme)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new Fault('invalid', `"${text}" is not the address of a deployment`, {
      fix: 'write it like https://reeve.example.com',
    })
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** Takes an address with or without its scheme. */
export function isLoopback(address: string): boolean {
  return /^(?:[a-z]+:\/\/)?(?:localhost|[^/:]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/]|$)/i.test(address)
}
