import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FenceRule, rights } from './fence-record.ts'

/** What tier 2 shows of the machine. Paths are absolute and resolved. */
export interface FenceView {
  readonly workspace: string
  /** The sandbox's own folder: home and temporary files. */
  readonly own: string
  readonly read: readonly string[]
  readonly write: readonly string[]
}

/**
 * Landlock can only open: what no rule names is shut. So the view is a list of what a program needs of a system, by
 * name; homes, `/run`, `/tmp` and everything else that a machine may hold are not on it. Names can be seen all the
 * same (`stat` is not Landlock's), and a file that is shut says `EACCES`.
 *
 * Inside the workspace nothing can be taken out again: masks and protected paths need mounts, which this tier has not.
 */
export function fenceRules(
  view: FenceView,
  list: (folder: string) => readonly string[] = entries,
): readonly FenceRule[] {
  const rule = (granted: number) => (path: string) => ({ path, rights: granted })
  return [
    ...programs.map(rule(rights.run)),
    ...facts.map(rule(rights.read)),
    // The folder itself can be listed; what is secret in it has no rule of its own.
    { path: '/etc', rights: rights.list },
    ...list('/etc').filter((name) => !secrets.test(name)).map((name) => rule(rights.run)(join('/etc', name))), // prettier-ignore
    ...devices.map(rule(rights.device)),
    ...['/dev/shm', '/dev/mqueue'].map(rule(rights.write)),
    ...view.read.map(rule(rights.run)),
    ...[view.workspace, view.own, ...view.write].map(rule(rights.write)),
  ]
}

const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/opt', '/nix', '/gnu', '/snap']
const facts = [
  '/proc',
  '/sys/devices/system',
  '/sys/fs/cgroup',
  '/sys/kernel/mm',
  '/var/lib/dpkg',
  '/var/cache/fontconfig',
  '/var/lib/ca-certificates',
  // The resolver's file may lie here; nothing else of /run may be seen.
  '/run/systemd/resolve',
  '/run/NetworkManager/resolv.conf',
  '/run/resolvconf/resolv.conf',
]
const secrets =
  /^(g?shadow.*|sudoers.*|ssh|security|krb5\.keytab|kubernetes|docker|reeve|letsencrypt|wireguard|NetworkManager)$/
const devices = [
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
  '/dev/tty',
  '/dev/ptmx',
  '/dev/pts',
]

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
