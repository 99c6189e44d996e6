import { execFile } from 'node:child_process'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { Fault, type Log, toError } from '@reeve/base'

/** The system user that Terraform runs as where the server is root. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * How what a template runs is kept from the server that runs it. A template runs programs of its author's choice: by
 * `local-exec`, by an external data source, and as providers.
 *
 * - `bubblewrap`: a view of the files that has the system's programs and the folder of the run, and processes of its own,
 *   which all end with it, and with us.
 * - `user`: another system user, to whom the server's files and its environment are closed. It sees the machine's files
 *   that are open to everybody, and the other runs'.
 * - `none`: as the server itself. Only where the operator has said so.
 */
export type Isolation = 'bubblewrap' | 'user' | 'none'

export interface SandboxSettings {
  /** `auto` takes the best that works here and refuses to go without. */
  readonly isolation: 'auto' | 'none'
  /** Files, folders and sockets of this machine that templates may reach, like a container engine's. */
  readonly reachable: readonly string[]
  /** What they may not, within what they otherwise see: the configuration of the server. */
  readonly hidden: readonly string[]
}

export interface Sandbox {
  readonly kind: Isolation
  /** The command that runs this one inside. */
  wrap(command: readonly [string, ...string[]], view: View): [string, ...string[]]
}

/** What a command may see and change beyond the system's programs. */
export interface View {
  readonly cwd: string
  readonly writable: readonly string[]
  readonly readable: readonly string[]
  /** Becomes `/tmp`. */
  readonly temporary: string
}

const run = promisify(execFile)
const bwrap = '/usr/bin/bwrap'
const setpriv = '/usr/bin/setpriv'
const prlimit = '/usr/bin/prlimit'

/**
 * No core dumps, which would have the secrets of a run in them, and no file that fills the disk by itself. The number of
 * processes is counted by user, so that it is set only for one that has no others.
 */
const limits = (account: Account | null): string[] => {
  if (!existsSync(prlimit)) return []
  const processes = account === null ? [] : ['--nproc=4096']
  return [prlimit, '--core=0', `--fsize=${8 * 1024 ** 3}`, ...processes]
}

const needed =
  'install bubblewrap and let it make user namespaces, run the server as root, or accept with ' +
  'REEVE_TERRAFORM_ISOLATION=none that templates run with the rights of the server'

export async function openSandbox(settings: SandboxSettings, account: Account | null, log: Log): Promise<Sandbox> {
  const outer = [...asAccount(account), '--pdeathsig=KILL', '--', ...underUs] as const
  const limited = limits(account)
  if (settings.isolation === 'auto') {
    const jail = bubblewrap(settings, [...asAccount(account), '--'], limited)
    const problem = existsSync(bwrap) ? await whyNot(jail) : 'bubblewrap is not installed'
    if (problem === null) return jail
    log.warn({ problem }, 'bubblewrap does not work here, and Terraform runs without it')
    if (account === null) throw new Fault('unavailable', `templates cannot be isolated: ${problem}`, { fix: needed })
  }
  if (account === null) return { kind: 'none', wrap: (command) => [...outer, ...limited, ...command] }
  return { kind: 'user', wrap: (command) => [...outer, ...limited, ...ownPid, ...command] }
}

/** In place of the zero in `TF_REATTACH_PROVIDERS`; the shell becomes Terraform, and its process id stays. */
const ownPid = [
  '/bin/sh',
  '-c',
  String.raw`TF_REATTACH_PROVIDERS=$(printf %s "$TF_REATTACH_PROVIDERS" | sed "s/\"Pid\":0/\"Pid\":$$/g") exec "$@"`,
  'sh',
]

/** With the groups of the account, which may be let to a container engine's socket. */
function asAccount(account: Account | null): [string, ...string[]] {
  if (!existsSync(setpriv)) {
    throw new Fault('unavailable', `${setpriv} is missing`, { fix: 'install the package util-linux' })
  }
  const drop =
    account === null ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', '--inh-caps=-all']
  return [setpriv, ...drop, '--no-new-privs']
}

/**
 * The kernel tells nobody of a parent that was dead before it was asked to: a run whose server was killed meanwhile would
 * go on for ever, beside the one that another server begins in its place. Such a command does not begin. Bubblewrap does
 * without: ended before it has let its first process go on, it would leave that waiting for ever.
 */
const underUs = ['/bin/sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"', `${process.pid}`]

function bubblewrap(
  settings: SandboxSettings,
  outer: readonly [string, ...string[]],
  limited: readonly string[],
): Sandbox {
  const [system, chosen] = [systemMounts(), chosenMounts(settings)]
  const apart = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try']
  return {
    kind: 'bubblewrap',
    wrap: (command, { cwd, writable, readable, temporary }) => [
      ...outer,
      bwrap,
      ...apart,
      '--die-with-parent',
      '--new-session',
      ...system,
      '--bind',
      temporary,
      '/tmp',
      ...chosen,
      ...readable.flatMap((path) => ['--ro-bind', path, path]),
      ...writable.flatMap((path) => ['--bind', path, path]),
      '--chdir',
      cwd,
      '--',
      ...limited,
      ...command,
    ],
  }
}

/** What a program needs to run on this system; everything else of the machine's files is not there. */
const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/opt']

/** Of `/etc` what programs look people, names and certificates up in; others keep their secrets there. */
const systemFiles = `
  alternatives ca-certificates crypto-policies debian_version gai.conf gitconfig group host.conf hosts ld.so.cache
  ld.so.conf ld.so.conf.d localtime mime.types nsswitch.conf os-release passwd pki protocols resolv.conf services
  ssh/ssh_config ssh/ssh_known_hosts ssl/certs ssl/openssl.cnf terminfo timezone
`
  .trim()
  .split(/\s+/)
  .map((name) => `/etc/${name}`)

/** What bubblewrap is told of them, and of the processes and devices that are there. */
export function systemMounts(): string[] {
  // Often a link to a file that a resolver keeps elsewhere.
  const resolver = quietly(() => realpathSync('/etc/resolv.conf'))
  const shown = [...systemFolders, ...systemFiles, ...(resolver === null ? [] : [resolver])]
  return [...shown.flatMap((path) => ['--ro-bind-try', path, path]), '--proc', '/proc', '--dev', '/dev']
}

/** Of the operator's choice; what is hidden is hidden within that too. */
const chosenMounts = (settings: SandboxSettings): string[] => [
  // Sockets are found by both names: what names one seldom knows by which the other looks.
  '--dir',
  '/run',
  '--symlink',
  '../run',
  '/var/run',
  ...settings.reachable.flatMap((path) => ['--ro-bind-try', path, path]),
  ...hidingMounts(settings),
]

/** What lies within something that is shown and is not to be seen there. */
export function hidingMounts({ reachable, hidden }: Pick<SandboxSettings, 'reachable' | 'hidden'>): string[] {
  const shown = [...systemFolders, ...reachable]
  return hidden.flatMap((path) => {
    const isWithin = shown.some((one) => path === one || path.startsWith(`${one}/`))
    const found = isWithin ? quietly(() => statSync(path)) : null
    if (found === null) return []
    return found.isDirectory() ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path]
  })
}

/** Why a command does not run inside; null where it does. */
export async function whyNot(
  sandbox: Sandbox,
  command: readonly [string, ...string[]] = ['/usr/bin/true'],
  { readable = [], writable = [] }: Partial<Pick<View, 'readable' | 'writable'>> = {},
): Promise<string | null> {
  const [program, ...args] = sandbox.wrap(command, { cwd: '/', writable, readable, temporary: '/tmp' })
  return run(program, args, { cwd: '/', env: {}, timeout: 30_000, killSignal: 'SIGKILL' }).then(
    () => null,
    (thrown: unknown) => toError(thrown).message.split('\n').slice(1).join(' ').trim() || toError(thrown).message,
  )
}

function quietly<T>(look: () => T): T | null {
  try {
    return look()
  } catch {
    return null
  }
}
