import { join, relative } from 'node:path'
import { Fault } from '@reeve/base'
import type { Mount } from '../jail/mounts.ts'
import { homeView, type HomeAsked } from './home-view.ts'
import { expand, type SearchBudget } from './tree.ts'
import { type WorkspaceView, workspaceView } from './workspace-view.ts'

export interface FilesAsked extends HomeAsked {
  /** Resolved, as is `home`. */
  readonly workspace: string
  /** What stands in its place: the copy of an overlay. */
  readonly scratch?: string
  /** Programs of the workspace's agent: files and folders, which are shown wherever they lie. */
  readonly commands: readonly string[]
  /** Reeve's own state and settings: never seen inside, whatever a policy opens. */
  readonly own: readonly string[]
}

export interface FilesPlan extends Omit<WorkspaceView, 'mounts'> {
  readonly mounts: readonly Mount[]
  /** What is open outside of the workspace, for a tier that has no mounts. */
  readonly read: readonly string[]
  readonly write: readonly string[]
}

/**
 * What the command sees of the machine, as data: everything read-only, homes empty but for what is opened, the
 * workspace to be written, and in it what is protected and hidden. Later mounts lie on earlier ones.
 */
export function planMounts(asked: FilesAsked): FilesPlan {
  const { home, workspace, tree, policy } = asked
  refuseWorkspace(asked)
  const budget: SearchBudget = { entriesLeft: searchedMax }
  const shown = homeView(asked, budget)
  const inside = shownAt(workspace, workspaceView(asked.scratch ?? workspace, policy, tree, budget), asked.scratch)
  const opened: readonly Mount[] = [
    ...[...shown.read, ...asked.commands].flatMap((path) => bound(asked, 'read', path)),
    ...shown.write.flatMap((path) => bound(asked, 'write', path)),
  ]
  const held = shown.held.filter(({ path, missing }) => {
    const kind = tree.kind(path)
    return kind === 'file' || kind === 'folder' || (kind === null && missing !== null)
  })
  const base: readonly Mount[] = [
    { kind: 'read', from: '/', at: '/' },
    { kind: 'devices', at: '/dev' },
    { kind: 'processes', at: '/proc' },
    ...emptied(asked).map((at): Mount => ({ kind: 'empty', at })),
    ...opened,
    ...held.map(({ path }): Mount => ({ kind: 'read', from: path, at: path })),
    ...inside.mounts,
  ]
  const outside = policy.hide
    .filter((pattern) => /^[/~]/.test(pattern))
    .map((pattern) => pattern.replace(/^~(?=\/|$)/, home).replace(/\/(\*\*\/?)?$/, ''))
    .flatMap((path) => expand(tree, '', path.split('/').slice(1), budget))
  const masks = [...secrets, ...outside, ...asked.own]
    .filter((path) => seen(base, path))
    .flatMap((path): readonly Mount[] => {
      const kind = tree.kind(path)
      return kind === 'folder'
        ? [{ kind: 'no-directory', at: path }]
        : kind === 'file'
          ? [{ kind: 'no-file', at: path }]
          : []
    })
  // No network namespace holds a socket that has a path, and a view that cannot be written can be connected through.
  const sockets = tree
    .sockets()
    .flatMap((path) => tree.real(path) ?? [])
    .filter((path) => tree.kind(path) === 'other')
    .flatMap((path) => shownAs([...base, ...masks], path))
    .map((at): Mount => ({ kind: 'no-file', at }))
  if (budget.entriesLeft < 0) {
    throw new Fault('too_large', `the patterns of the policy ask to search more than ${searchedMax} entries`, {
      fix: 'write paths from the workspace instead of names at any depth',
    })
  }
  return {
    ...inside,
    mounts: [...base, ...masks, ...sockets],
    held: [...held.map(({ path }) => path), ...inside.held],
    placeholders: [
      ...held.flatMap(({ path, missing, content }) =>
        missing === null || tree.kind(path) !== null ? [] : [{ path, kind: missing, content }],
      ),
      ...inside.placeholders,
    ],
    read: opened.flatMap((mount) => (mount.kind === 'read' ? mount.at : [])),
    write: opened.flatMap((mount) => (mount.kind === 'write' ? mount.at : [])),
    notes: [...shown.notes, ...inside.notes],
  }
}
const searchedMax = 200_000

/** The view of a copy, laid where the workspace is. What must be made is made in the copy. */
function shownAt(workspace: string, view: WorkspaceView, scratch: string | undefined): WorkspaceView {
  if (scratch === undefined) return view
  const place = (path: string) => workspace + path.slice(scratch.length)
  return {
    ...view,
    mounts: view.mounts.map((mount) => ({ ...mount, at: place(mount.at) })),
    excludes: view.excludes.map((one) => ({ ...one, at: place(one.at) })),
  }
}

/** Secrets of the machine that its administrator could read; an ordinary user cannot, and loses nothing. */
const secrets = [
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/etc/ssl/private',
  '/etc/krb5.keytab',
  '/etc/ssh',
  '/var/lib/reeve',
  '/etc/reeve',
] as const

/** Other people's homes, sockets of services, and places that everybody writes to. */
function emptied({ home, tree }: FilesAsked): readonly string[] {
  const usual = ['/tmp', '/var/tmp', '/run', '/var/run', '/dev/shm', '/home', '/root'].filter(
    (path) => tree.kind(path) === 'folder',
  )
  const covered = usual.some((path) => home === path || home.startsWith(`${path}/`))
  return [...new Set([...usual, '/dev/shm', ...(covered ? [] : [home])])]
}

/** A link is shown as what it leads to, and only where that is something that may be shown. */
function bound({ tree, own, workspace }: FilesAsked, kind: 'read' | 'write', path: string): readonly Mount[] {
  const real = tree.real(path)
  if (real === null || real === '/' || [...own].some((one) => within(one, real))) return []
  const held = kind === 'write' ? own.find((one) => within(real, one)) : undefined
  if (held !== undefined) {
    throw new Fault(
      'invalid',
      `The policy lets ${path} be written, and ${held} lies in it: what the boundary trusts.`,
      {
        fix: 'name the folders in it that the command needs',
      },
    )
  }
  // The workspace is laid later, and what it protects must not be reached by another way.
  return real === workspace || within(workspace, real) ? [] : [{ kind, from: real, at: path }]
}

/** Whether the last mount that covers a path shows it. */
function seen(mounts: readonly Mount[], path: string): boolean {
  const cover = mounts.findLast(({ at }) => within(at, path))
  return cover !== undefined && (cover.kind === 'read' || cover.kind === 'write')
}

/** Every path under which something of the machine is in the view. */
function shownAs(mounts: readonly Mount[], path: string): readonly string[] {
  return mounts.flatMap((mount) => {
    if ((mount.kind !== 'read' && mount.kind !== 'write') || !within(mount.from, path)) return []
    const at = join(mount.at, relative(mount.from, path))
    return mounts.findLast((one) => within(one.at, at)) === mount ? [at] : []
  })
}

const within = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)

function refuseWorkspace({ workspace, home, own, tree }: FilesAsked): void {
  const refuse = (message: string): never => {
    throw new Fault('invalid', message, { fix: 'start it in a folder of the project, or name one with --workspace' })
  }
  if (tree.kind(workspace) !== 'folder') refuse(`The workspace ${workspace} is not a folder.`)
  if (within(workspace, home))
    refuse(`The workspace ${workspace} holds the home of the user: nothing in it would be hidden.`)
  const system = [
    '/etc',
    '/usr',
    '/bin',
    '/lib',
    '/sbin',
    '/proc',
    '/sys',
    '/dev',
    '/run',
    '/boot',
    '/var/lib',
    '/var/run',
  ]
  if (
    workspace === '/' ||
    ['/home', '/root', '/tmp', '/var', '/opt'].includes(workspace) ||
    system.some((one) => within(one, workspace))
  ) {
    refuse(`The workspace ${workspace} belongs to the system.`)
  }
  for (const one of own) {
    if (within(workspace, one) || within(one, workspace))
      refuse(`The workspace ${workspace} and ${one}, where records are kept, lie in each other.`)
  }
}
