import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Tier } from '@reeve/policy'
import { canLimitProcesses } from './jail/process-limit.ts'
import { systemProgram } from './jail/system-program.ts'

/** What this machine lets a boundary do, each by what it was found out with. */
export interface Capabilities {
  /** 0 where it works; else why not, as an errno. */
  readonly userNamespaces: number
  readonly networkNamespace: number
  readonly notifications: number
  /** Version of Landlock; 0 where there is none. */
  readonly landlock: number
  /** Whether bubblewrap makes a view of the files with processes of its own; null where it is not installed. */
  readonly bubblewrap: boolean | null
  readonly nft: boolean
  /** How many processes there are can be limited: of root's by a group, of any other user's by the kernel's own limit. */
  readonly cgroup: boolean
}

const run = promisify(execFile)

/** Tries everything out in processes of its own; nothing stays. */
export async function probeCapabilities(helper: string): Promise<Capabilities> {
  const [tried, bubblewrap] = await Promise.all([run(helper, ['probe']), bubblewrapWorks()])
  const found = new Map(tried.stdout.split('\n').map((line) => [line.split('=')[0], Number(line.split('=')[1])]))
  return {
    userNamespaces: found.get('user_namespaces') ?? -1,
    networkNamespace: found.get('network_namespace') ?? -1,
    notifications: found.get('notifications') ?? -1,
    landlock: found.get('landlock') ?? 0,
    bubblewrap,
    nft: ['/usr/sbin/nft', '/sbin/nft'].some(isProgram),
    cgroup: process.getuid?.() !== 0 || canLimitProcesses(),
  }
}

/** The native helper, and what is found with it: begun early, while the rest is loaded. */
export interface Machine {
  readonly helper: string
  readonly found: Promise<Capabilities>
}

export function probeMachine(helper: string): Machine {
  const found = probeCapabilities(helper)
  // Whoever asks for it is told what failed; nobody may ask.
  found.catch(() => {})
  return { helper, found }
}

/** The strongest tier that works here. */
export function strongestTier(found: Capabilities): Tier {
  if (found.networkNamespace === 0 && found.bubblewrap === true) return 1
  return found.landlock >= 1 && found.notifications === 0 ? 2 : 3
}

/** With a `/proc` of its own, which containers whose `/proc` is masked refuse. */
async function bubblewrapWorks(): Promise<boolean | null> {
  const bwrap = systemProgram('bwrap')
  if (bwrap === null) return null
  try {
    await run(bwrap, ['--unshare-user', '--unshare-pid', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--', 'true']) // prettier-ignore
    return true
  } catch {
    return false
  }
}

/** What stands in the way of user namespaces, where the kernel tells; for the remedy. */
export function namespaceObstacle(): 'apparmor' | 'sysctl' | 'limit' | 'container' {
  const setting = (name: string) => readText(`/proc/sys/${name}`).trim()
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') return 'apparmor'
  if (setting('kernel/unprivileged_userns_clone') === '0') return 'sysctl'
  return setting('user/max_user_namespaces') === '0' ? 'limit' : 'container'
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
