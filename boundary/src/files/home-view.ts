import { basename, dirname } from 'node:path'
import type { FilePolicy } from '@reeve/policy'
import type { ProtectedPath } from './protected-paths.ts'
import { expand, type SearchBudget, type Tree } from './tree.ts'

/** What of the user's home is shown, in paths that are there. */
export interface HomeView {
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** In what is written: settings that name programs, which the agent would run outside of the sandbox next time. */
  readonly held: readonly ProtectedPath[]
  readonly notes: readonly string[]
}

export interface HomeAsked {
  readonly home: string
  readonly policy: FilePolicy
  /** `PATH` of the command. */
  readonly path: readonly string[]
  /** What is run, by name or path: an agent needs its own state. */
  readonly program: string
  readonly tree: Tree
}

/**
 * The home is empty but for what the policy opens, the toolchains that `PATH` names, git's settings (a commit needs a
 * name), and the state of the agent that is run.
 */
export function homeView({ home, policy, path, program, tree }: HomeAsked, budget: SearchBudget): HomeView {
  const notes: string[] = []
  const open = (patterns: readonly string[]) =>
    patterns.flatMap((pattern) => {
      const found = named(tree, home, pattern, budget)
      if (found.length === 0) notes.push(`${pattern} is not there`)
      return found
    })
  const name = basename(program)
  const agent = agents[name] ?? []
  const held = (heldOfAgents[name] ?? [])
    .map((one) => ({ ...one, path: `${home}/${one.path}` }))
    .filter(({ path }) => tree.kind(dirname(path)) === 'folder')
  const own = ['.gitconfig', '.config/git'].map((name) => `${home}/${name}`)
  const read = [...toolchains(home, path, tree), ...own.filter((one) => tree.kind(one) !== null), ...open(policy.read)]
  const write = [
    ...agent.map((one) => `${home}/${one}`).filter((one) => tree.kind(one) !== null),
    ...open(policy.write),
  ]
  return { read: [...new Set(read)], write: [...new Set(write)], held, notes }
}

/** What agents keep in the home, themselves. What they could leave for other programs there is not on it. */
const agents: Readonly<Record<string, readonly string[]>> = {
  claude: ['.claude', '.claude.json'],
  codex: ['.codex'],
  gemini: ['.gemini'],
  opencode: ['.config/opencode', '.local/share/opencode'],
  goose: ['.config/goose', '.local/share/goose'],
  aider: ['.aider', '.aider.conf.yml'],
}

/** Folders below the home in which the agent that is run keeps its conversations: without them it would begin anew each time. */
export const stateFolders = (program: string): readonly string[] =>
  (agents[basename(program)] ?? []).filter((path) => !/\.(json|yml)$/.test(path))

const heldOfAgents: Readonly<Record<string, readonly ProtectedPath[]>> = {
  claude: [
    { path: '.claude/settings.json', missing: 'file', content: '{}\n' },
    { path: '.claude/settings.local.json', missing: 'file', content: '{}\n' },
    { path: '.claude/hooks', missing: null, content: '' },
  ],
  codex: [{ path: '.codex/config.toml', missing: 'file', content: '' }],
  gemini: [{ path: '.gemini/settings.json', missing: 'file', content: '{}\n' }],
}

/** `~/x/**` and `~/x` are the folder; other patterns are looked up now, and what comes later is not seen. */
function named(tree: Tree, home: string, pattern: string, budget: SearchBudget): readonly string[] {
  const absolute = pattern.replace(/^~(?=\/|$)/, home)
  const base = absolute.replace(/\/(\*\*\/?)?$/, '')
  if (!base.includes('*')) return tree.kind(base) === null ? [] : [base]
  return expand(tree, '', base.split('/').slice(1), budget)
}

/** Folders that a folder of programs cannot do without. */
const companions: Readonly<Record<string, readonly string[]>> = {
  '.cargo/bin': ['.rustup'],
  '.pyenv/shims': ['.pyenv'],
  '.rbenv/shims': ['.rbenv'],
  '.asdf/shims': ['.asdf'],
  '.volta/bin': ['.volta'],
  '.local/share/mise/shims': ['.local/share/mise'],
}

/**
 * Folders of `PATH` below the home, with what belongs to them: the installation around a `bin` that has a `lib` beside
 * it, and what links in it lead to.
 */
function toolchains(home: string, path: readonly string[], tree: Tree): readonly string[] {
  const below = (one: string) => one.startsWith(`${home}/`)
  return path
    .map((entry) => entry.replace(/\/+$/, ''))
    .filter((entry) => below(entry) && tree.kind(entry) === 'folder')
    .flatMap((entry) => [
      entry,
      ...(companions[entry.slice(home.length + 1)] ?? [])
        .map((name) => `${home}/${name}`)
        .filter((one) => tree.kind(one) !== null),
      ...installation(home, entry, tree),
      ...tree
        .list(entry)
        .filter((name) => tree.kind(`${entry}/${name}`) === 'link')
        .flatMap((name) => tree.real(`${entry}/${name}`) ?? [])
        .filter((target) => below(target) && !target.startsWith(`${entry}/`))
        .flatMap((target) => [dirname(target), ...installation(home, dirname(target), tree)])
        // A program that lies in the home itself does not open the home.
        .filter((folder) => below(folder)),
    ])
}

/** `~/.local` is a place of many things and no installation. */
function installation(home: string, bin: string, tree: Tree): readonly string[] {
  const around = dirname(bin)
  const whole = basename(bin) === 'bin' && tree.kind(`${around}/lib`) === 'folder'
  return whole && around !== home && around !== `${home}/.local` ? [around] : []
}
