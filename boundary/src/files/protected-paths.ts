/**
 * What is in a workspace and is run, or believed, by a person's own tools later: hooks of git, settings of shells,
 * editors and agents. The command may not write it, whatever a policy says. Where it is not there it is kept from being
 * made: a file that appears is believed like one that was always there.
 */

export interface ProtectedPath {
  /** Relative to the workspace. */
  readonly path: string
  /** What stands in its place where it is missing; null: it may be made. */
  readonly missing: 'file' | 'folder' | null
  /** What an empty one must say so that programs can read it. */
  readonly content: string
}

const file = (path: string, content = ''): ProtectedPath => ({ path, missing: 'file', content })
const folder = (path: string): ProtectedPath => ({ path, missing: 'folder', content: '' })
const present = (path: string): ProtectedPath => ({ path, missing: null, content: '' })

export const protectedPaths: readonly ProtectedPath[] = [
  ...['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zshenv', '.zprofile', '.envrc'].map((path) => file(path)),
  file('.mcp.json', '{}\n'),
  ...['.vscode', '.idea', '.codex', '.gemini', '.cursor', '.husky'].map(folder),
  file('.claude/settings.json', '{}\n'),
  file('.claude/settings.local.json', '{}\n'),
  present('.claude/hooks'),
  present('.gitmodules'),
  present('.bash_login'),
  present('.bash_logout'),
  present('.zlogin'),
  present('.zlogout'),
]

/** Of each repository, relative to its `.git`. A repository that the command makes itself is its own. */
export const protectedInRepository: readonly ProtectedPath[] = [
  folder('hooks'),
  file('config'),
  file('config.worktree'),
  // It could name another folder to take hooks and settings from; this one says: from here.
  file('commondir', '.\n'),
]
