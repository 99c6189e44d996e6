import { dirname } from 'node:path'
import type { FilePolicy } from '@reeve/policy'
import type { Mount } from '../jail/mounts.ts'
import { type ProtectedPath, protectedInRepository, protectedPaths } from './protected-paths.ts'
import { expand, type SearchBudget, type Tree, unsearched } from './tree.ts'

/** Something empty that must be there before the mounts are laid, and is taken away after the session. */
export interface Placeholder {
  readonly path: string
  readonly kind: 'file' | 'folder'
  readonly content: string
}

export interface WorkspaceView {
  readonly mounts: readonly Mount[]
  readonly placeholders: readonly Placeholder[]
  /** Names that git inside must not take for files of the project, by repository. */
  readonly excludes: readonly { readonly repository: string; readonly at: string; readonly names: readonly string[] }[]
  /** Read-only files and folders, for messages and for events. */
  readonly held: readonly string[]
  readonly notes: readonly string[]
}

/**
 * The workspace is written in place, but for what is protected and what is hidden. A path that is protected is a mount
 * of its own, and so is every folder between it and the workspace: a mount cannot be renamed or removed, so nobody can
 * move the folder away and make another in its place.
 */
export function workspaceView(workspace: string, policy: FilePolicy, tree: Tree, budget: SearchBudget): WorkspaceView {
  const git = repositories(tree, workspace)
  const wanted = [
    ...protectedPaths.map((one) => ({ ...one, path: `${workspace}/${one.path}` })),
    ...git.files.map((path) => ({ path, missing: null, content: '' })),
    ...git.folders.flatMap((folder) => protectedInRepository.map((one) => ({ ...one, path: `${folder}/${one.path}` }))),
    ...policy.protect.flatMap((pattern) => ofPolicy(tree, workspace, pattern, budget)),
  ]
  const notes: string[] = []
  const placeholders: Placeholder[] = []
  const held: string[] = []
  for (const { path, missing, content } of wanted) {
    const kind = solid(tree, workspace, path)
    if (kind === 'link') notes.push(`${path} is reached through a symbolic link and is not protected`)
    else if (kind !== null) held.push(path)
    else if (missing !== null) {
      held.push(path)
      for (const folder of between(workspace, path)) placeholders.push({ path: folder, kind: 'folder', content: '' })
      placeholders.push({ path, kind: missing, content })
    }
  }
  const hidden = policy.hide
    .filter((pattern) => !/^[/~]/.test(pattern))
    .flatMap((pattern) => expand(tree, workspace, anywhere(pattern), budget))
  const missing = unique(placeholders).filter(({ path }) => tree.kind(path) === null)
  const pins = new Set(held.flatMap((path) => between(workspace, path)))
  return {
    mounts: [
      { kind: 'write', from: workspace, at: workspace },
      ...[...pins].sort().map((path): Mount => ({ kind: 'write', from: path, at: path })),
      ...[...new Set(held)].sort().map((path): Mount => ({ kind: 'read', from: path, at: path })),
      ...[...new Set(hidden)].flatMap((path) => masked(tree, path, notes)),
    ],
    placeholders: missing,
    excludes: excludesOf(tree, workspace, missing),
    held: [...new Set(held)].sort(),
    notes,
  }
}

interface Repositories {
  /** `.git` folders, with those of submodules in them. */
  readonly folders: readonly string[]
  /** `.git` files of linked worktrees and submodules: they name where the repository is. */
  readonly files: readonly string[]
}

/** Those that are there, the nearest first: all that lie directly in the workspace, and deeper ones among so many entries. */
function repositories(tree: Tree, workspace: string): Repositories {
  const found: { path: string; kind: ReturnType<Tree['kind']> }[] = []
  let left = Math.max(entriesSearchedMax, tree.list(workspace).length)
  const foldersIn = (folder: string): readonly string[] => {
    const names = tree
      .list(folder)
      .filter((name) => !unsearched.has(name))
      .slice(0, left)
    left -= names.length
    return names.map((name) => `${folder}/${name}`).filter((path) => tree.kind(path) === 'folder')
  }
  for (let looked: readonly string[] = [workspace]; looked.length > 0; looked = looked.flatMap(foldersIn)) {
    for (const folder of looked) found.push({ path: `${folder}/.git`, kind: tree.kind(`${folder}/.git`) })
  }
  const git = found.filter(({ kind }) => kind === 'folder').map(({ path }) => path)
  const modules = git.flatMap((path) => expand(tree, `${path}/modules`, ['*'], { entriesLeft: 1000 }))
  return {
    folders: [...git, ...modules.filter((path) => tree.kind(`${path}/HEAD`) === 'file')],
    files: found.filter(({ kind }) => kind === 'file').map(({ path }) => path),
  }
}
const entriesSearchedMax = 5_000

/** A name is good at any depth; with a slash it is the path from the workspace. */
const anywhere = (pattern: string): readonly string[] => {
  const path = pattern.replace(/\/+$/, '').replace(/\/\*\*$/, '')
  return path.includes('/') ? path.replace(/^\.\//, '').split('/') : ['**', path]
}

/** What a policy protects literally is also kept from being made. */
function ofPolicy(tree: Tree, workspace: string, pattern: string, budget: SearchBudget): readonly ProtectedPath[] {
  const segments = anywhere(pattern)
  const found = expand(tree, workspace, segments, budget).map((path) => ({ path, missing: null, content: '' }))
  if (found.length > 0 || pattern.includes('*')) return found
  const literal = segments[0] === '**' ? segments.slice(1) : segments
  const kind = /\/(\*\*)?$/.test(pattern) ? ('folder' as const) : ('file' as const)
  return [{ path: `${workspace}/${literal.join('/')}`, missing: kind, content: '' }]
}

/** Folders strictly between the workspace and a path in it, the outermost first. */
function between(workspace: string, path: string): readonly string[] {
  const found: string[] = []
  for (let folder = dirname(path); folder.length > workspace.length; folder = dirname(folder)) found.unshift(folder)
  return found
}

/** What is at a path, or `link` where the path or a folder on the way is one: a mount there would be somewhere else. */
function solid(tree: Tree, workspace: string, path: string): 'there' | 'link' | null {
  for (const folder of between(workspace, path)) {
    const kind = tree.kind(folder)
    if (kind !== 'folder') return kind === null ? null : 'link'
  }
  const kind = tree.kind(path)
  return kind === null ? null : kind === 'link' ? 'link' : 'there'
}

function masked(tree: Tree, path: string, notes: string[]): readonly Mount[] {
  const kind = tree.kind(path)
  if (kind === 'folder') return [{ kind: 'no-directory', at: path }]
  if (kind === 'file') return [{ kind: 'no-file', at: path }]
  // A link shows nothing by itself: what it leads to is hidden where it is.
  if (kind === 'link') notes.push(`${path} is a symbolic link: hide what it leads to`)
  return []
}

function excludesOf(tree: Tree, workspace: string, placeholders: readonly Placeholder[]): WorkspaceView['excludes'] {
  const names = placeholders
    .filter(({ kind, path }) => kind === 'file' && !path.includes('/.git/'))
    .map(({ path }) => path.slice(workspace.length))
  const inRepository = tree.kind(`${workspace}/.git`) === 'folder'
  // The command can put a link there for the next session: it would be shown, and could write, what the link leads to.
  const led = solid(tree, workspace, `${workspace}/.git/info/exclude`) === 'link'
  return names.length > 0 && inRepository && !led
    ? [{ repository: `${workspace}/.git`, at: `${workspace}/.git`, names }]
    : []
}

const unique = (placeholders: readonly Placeholder[]): readonly Placeholder[] =>
  placeholders.filter((one, at) => placeholders.findIndex(({ path }) => path === one.path) === at)
