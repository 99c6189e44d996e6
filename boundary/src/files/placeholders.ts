import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Mount } from '../jail/mounts.ts'
import type { FilesPlan } from './mount-plan.ts'
import { machineTree } from './tree.ts'
import type { Placeholder } from './workspace-view.ts'

/**
 * A mount needs something to lie on: what is protected and missing is made empty for the time of a session, and git
 * inside is told to pass it over. What was made is written down first, so that whoever comes next takes away what a
 * session left that was killed; and it stays as long as any session in the same workspace holds it, because taking
 * away what a mount lies on takes the mount away.
 *
 *     planned ──note──▶ noted ──make──▶ made ──end of the last session that holds it──▶ removed
 */
export interface HeldPlaceholders extends AsyncDisposable {
  /** To be laid after the plan's own. */
  readonly mounts: readonly Mount[]
}

export interface Holding {
  readonly plan: FilesPlan
  /** The session's id; its lock says whether it lives. */
  readonly session: string
  /** Outside of what the sandbox sees. */
  readonly stateDirectory: string
  /** Null where the session lives. */
  readonly lock: (session: string) => Promise<AsyncDisposable | null>
}

interface Ledger {
  readonly held: readonly string[]
  readonly made: readonly Placeholder[]
}

export async function holdPlaceholders({ plan, session, stateDirectory, lock }: Holding): Promise<HeldPlaceholders> {
  const folder = join(stateDirectory, 'placeholders')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  await sweep(folder, lock, null)
  const excludes = plan.excludes.map(({ repository, at, names }, number) => ({
    path: `${repository}/info/exclude`,
    at: `${at}/info/exclude`,
    from: join(folder, `${session}-exclude-${number}`),
    names,
  }))
  const made: readonly Placeholder[] = [
    ...plan.placeholders,
    ...excludes.flatMap(({ path }) => [
      { path: dirname(path), kind: 'folder' as const, content: '' },
      { path, kind: 'file' as const, content: '' },
    ]),
  ].filter(({ path }) => machineTree.kind(path) === null)
  const ledger: Ledger = { held: [...plan.held, ...excludes.map(({ path }) => path)], made }
  writeFileSync(join(folder, `${session}.json`), JSON.stringify(ledger), { mode: 0o600, flush: true })
  for (const placeholder of made) make(placeholder)
  for (const { path, from, names } of excludes) {
    writeFileSync(from, `${readFileSync(path, 'utf8').trimEnd()}\n${names.join('\n')}\n`, { mode: 0o644 })
  }
  return {
    mounts: excludes.flatMap(({ path, at, from }): readonly Mount[] => [
      { kind: 'write', from: dirname(path), at: dirname(at) },
      { kind: 'read', from, at },
    ]),
    [Symbol.asyncDispose]: async () => {
      await sweep(folder, lock, session)
      for (const { from } of excludes) rmSync(from, { force: true })
    },
  }
}

function make({ path, kind, content }: Placeholder): void {
  try {
    if (kind === 'folder') mkdirSync(path, { mode: 0o755 })
    else writeFileSync(path, content, { flag: 'wx', mode: 0o644 })
  } catch (error) {
    // Another session in the same workspace was faster, with the same.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** Takes away what ended sessions left and no living one holds. `ended` ends now, whatever its lock says. */
async function sweep(folder: string, lock: Holding['lock'], ended: string | null): Promise<void> {
  const dead: { readonly file: string; readonly ledger: Ledger }[] = []
  const held = new Set<string>()
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const file = join(folder, name)
    const session = name.slice(0, -'.json'.length)
    const ledger = readLedger(file)
    if (session !== ended && (await lives(session, lock))) for (const path of ledger.held) held.add(path)
    else dead.push({ file, ledger })
  }
  for (const { file, ledger } of dead) {
    const left = ledger.made.filter(({ path }) => [...held].some((one) => one === path || one.startsWith(`${path}/`)))
    for (const placeholder of ledger.made.toReversed()) if (!left.includes(placeholder)) remove(placeholder)
    if (left.length === 0) rmSync(file, { force: true })
    else writeFileSync(file, JSON.stringify({ held: [], made: left }), { mode: 0o600 })
  }
}

async function lives(session: string, lock: Holding['lock']): Promise<boolean> {
  const free = await lock(session)
  await free?.[Symbol.asyncDispose]()
  return free === null
}

/** Only what is still as it was made; somebody may have put something there meanwhile. */
function remove({ path, kind, content }: Placeholder): void {
  try {
    if (kind === 'folder') rmdirSync(path)
    else if (machineTree.kind(path) === 'file' && readFileSync(path, 'utf8') === content) unlinkSync(path)
  } catch {
    // Not empty, or gone: either way it is not ours any more.
  }
}

function readLedger(file: string): Ledger {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (read !== null && typeof read === 'object' && 'held' in read && 'made' in read) {
      // SAFETY: only `holdPlaceholders` writes here, in a directory that nobody else can reach.
      return read as Ledger
    }
  } catch {
    // Torn by a crash while it was written: then nothing had been made yet.
  }
  return { held: [], made: [] }
}
