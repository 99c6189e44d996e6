import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@reeve/base'
import { hidingMounts, systemMounts } from '../provisioning/sandbox.ts'
import { doorSocket, type LoopbackPlace } from './door.ts'
import { firstProcess } from './first-process.ts'

/** The system user of the processes, where the server is root. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface JailOptions {
  /** Null where the server is not root: processes are of its own user, and see nothing else of it. */
  readonly account: Account | null
  /** Files and folders of this machine that every workspace sees, read-only. */
  readonly readable: readonly string[]
  /** What nobody sees, within what they otherwise see. */
  readonly hidden: readonly string[]
  /** The Node.js that agents run with. */
  readonly node: string
  /**
   * How many processes and threads one workspace has. The bound is set inside of the jail's user namespace, where the
   * kernel (5.14 and newer) counts by itself, together with the namespaces below: every jail has as many, whichever user
   * the server is.
   */
  readonly processesMax: number
  /** Null where the network is the machine's. */
  readonly network: OwnNetwork | null
}

/** A network with this jail alone in it. */
export interface OwnNetwork {
  /** The file that is its `/etc/resolv.conf`. */
  readonly resolver: string
  /** By which the server is reached; null where it is by the network. */
  readonly door: { readonly folder: string; readonly place: LoopbackPlace } | null
}

/** What one jail has of its own: paths of this machine. */
export interface JailContents {
  readonly home: string
  /** Becomes `/tmp`. */
  readonly temporary: string
  readonly script: string
  /** Who its user is, in the form of `/etc/passwd` and `/etc/group`. */
  readonly passwd: string
  readonly group: string
  readonly hostname: string
  /** Files by which the groups are joined that bound it. */
  readonly groups: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface JailCommand {
  readonly argv: readonly [string, ...string[]]
  /** For descriptor 4. Values of the environment would be seen by everybody among the words of a command. */
  readonly said: string
}

const unshare = '/usr/bin/unshare'
const setpriv = '/usr/bin/setpriv'
const bwrap = '/usr/bin/bwrap'

export const homePath = '/home/user'
const apart =
  `--unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --new-session --as-pid-1`.split(' ')
const insideNode = '/run/reeve/node'
const insideScript = '/run/reeve/script'
const insideDoor = '/run/reeve/door'
const insideRelay = '/run/reeve/relay.mts'
const relayProgram = fileURLToPath(new URL('relay.ts', import.meta.url))
export const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The command that runs the script in a jail which outlives the server: nothing in it ends with its parent. User
 * namespaces work within it, so that a boundary can be put up there.
 *
 * Root shows the account what lies in folders that the account may not enter, the data directory above all, in a view of
 * the files of its own. What a template says about the environment holds in the jail alone: nothing of it reaches a
 * program that runs as root.
 */
export function jailCommand(options: JailOptions, contents: JailContents): JailCommand {
  const { account, readable, hidden, node, network } = options
  const { home, temporary, script, passwd, group, hostname, groups, env } = contents
  const door = network?.door ?? null
  const ofNetwork = network === null ? [] : [network.resolver, ...(door === null ? [] : [door.folder, relayProgram])]
  const shown = [home, temporary, script, passwd, group, node, ...ofNetwork, ...readable]
  const seen = (path: string) => (account === null ? path : `${stage}/${shown.indexOf(path)}`)
  const environment = {
    LANG: 'C.UTF-8',
    REEVE_NODE: insideNode,
    ...env,
    // Where the system has no `node` for agents that are written for it, there is ours.
    PATH: `${env['PATH'] ?? usualPath}:${dirname(insideNode)}`,
    HOME: homePath,
    USER: 'user',
  }
  const inside = account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const mount = (how: '--bind' | '--ro-bind', path: string, inside: string): string[] => [how, seen(path), inside]
  const words = [
    ...apart,
    ...(network === null ? [] : ['--uid', String(inside.uid), '--gid', String(inside.gid), '--cap-drop', 'ALL']),
    '--hostname',
    hostname,
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...systemMounts(),
    ...mount('--ro-bind', passwd, '/etc/passwd'),
    ...mount('--ro-bind', group, '/etc/group'),
    ...(network === null ? [] : mount('--ro-bind', network.resolver, '/etc/resolv.conf')),
    ...mount('--bind', temporary, '/tmp'),
    // What is shown may lie in a folder that has become another one by now.
    ...readable.flatMap((path) => ['--ro-bind-try', seen(path), path]),
    ...hidingMounts({ reachable: readable, hidden }),
    ...mount('--bind', home, homePath),
    ...mount('--ro-bind', node, insideNode),
    ...mount('--ro-bind', script, insideScript),
    ...(door === null ? [] : mount('--ro-bind', door.folder, insideDoor)),
    ...(door === null ? [] : mount('--ro-bind', relayProgram, insideRelay)),
    '--chdir',
    homePath,
  ]
  if (words.some((word) => word.includes('\0'))) {
    throw new Fault('invalid', 'what the process is given holds the character NUL')
  }
  const limits = ['/usr/bin/prlimit', '--core=0', `--nproc=${options.processesMax}`]
  const relay = door === null ? null : relayCommand(door.place)
  const main = [bwrap, '--args', '4', '--', ...limits, '/bin/sh', '-c', firstProcess(insideScript, relay)]
  const jailed = asAccount(account, network === null ? main : [...apartOnNetwork, ...main])
  const said = words.map((word) => `${word}\0`).join('')
  const joining = ['/bin/sh', '-c', joinGroups, 'sh', ...groups, '--'] as const
  if (account === null) return { argv: [...joining, ...jailed], said }
  const staged = shown.flatMap((path, index) => [path, `${stage}/${index}`])
  const own = ['--mount', '--propagation', 'private', '--', '/bin/sh', '-c', showStaged, 'sh', ...staged, '--']
  return { argv: [...joining, unshare, ...own, ...jailed], said }
}

const joinGroups = `while [ "$1" != -- ]; do echo 0 >"$1" || exit 1; shift; done; shift; exec "$@"`

/** The command as a program of the account, and of no right beyond; where there is none, of the user that we are. */
export function asAccount(account: Account | null, command: readonly string[]): [string, ...string[]] {
  if (account === null) return [setpriv, '--no-new-privs', '--', ...command]
  const { uid, gid } = account
  const drop = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--bounding-set=-all']
  return [setpriv, ...drop, '--no-new-privs', '--', ...command]
}

/**
 * The network belongs to a user namespace around that of the jail, where bubblewrap is root and nothing of the jail is
 * anybody: what is set here stays. Where a cloud tells a machine who it is, and what it may, there is no way to.
 */
const apartOnNetwork = `${unshare} --user --map-root-user --net -- /bin/sh -c`
  .split(' ')
  .concat('ip route add blackhole 169.254.0.0/16 && exec "$@"', 'sh')

const relayCommand = ({ addresses, port }: LoopbackPlace): string =>
  [insideNode, insideRelay, join(insideDoor, doorSocket), port, ...addresses].join(' ')

/** Where the account sees it, in the view that is made for this jail alone. */
const stage = '/run/reeve-workspace'
const showStaged = `set -eu
mkdir -p ${stage}
mount -t tmpfs -o mode=0711,size=1m reeve ${stage}
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir "$2"; elif [ -e "$1" ]; then : >"$2"; fi
  if [ -e "$1" ]; then mount --bind "$1" "$2"; fi
  shift 2
done
shift
exec "$@"`
