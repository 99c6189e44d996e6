import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@reeve/base'

/**
 * Where boundaries of a user keep what must outlive them, out of the reach of what they confine:
 * `$XDG_STATE_HOME/reeve/boundary`, else `~/.local/state/reeve/boundary`. In it a directory for each session, and
 * `deployments` with what is known of each control plane. Nobody else may read it.
 */
export function stateDirectoryOf(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const xdg = env['XDG_STATE_HOME'] ?? ''
  // The XDG specification has relative paths ignored.
  if (xdg.startsWith('/')) return join(xdg, 'reeve/boundary')
  if (home.startsWith('/')) return join(home, '.local/state/reeve/boundary')
  throw new Fault('invalid', 'there is no home directory to keep the record in', { fix: 'set XDG_STATE_HOME' })
}

/** Makes it, or refuses one that others could write to or that leads elsewhere. */
export function makePrivateDirectory(path: string, userId: number | null): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const found = lstatSync(path)
  if (found.isDirectory() && (userId === null || found.uid === userId) && (found.mode & 0o077) === 0) return
  throw new Fault('forbidden', `${path} is not a directory that only its owner can reach`, {
    fix: `make it one: chmod 700 ${path}`,
  })
}
