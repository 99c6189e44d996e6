import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import type { ServedProgram } from '@reeve/sdk'

/** The path of a boundary's program, which is fetched from the control plane when somebody asks for it first. */
export type BoundaryPrograms = (program: ServedProgram) => Promise<string>

const fetchWithinMs = 120_000

/**
 * It is kept in the folder of the user's boundaries, which nothing that runs behind one can see or write; and is looked at
 * whenever it is asked for, by the sum that the control plane named over the agent's own connection.
 */
export function boundaryPrograms({ url, folder }: { readonly url: string; readonly folder: string }): BoundaryPrograms {
  const fetching = new Map<string, Promise<string>>()

  async function bring({ path, sha256 }: ServedProgram, file: string): Promise<string> {
    const bytes = await download(new URL(path, url))
    if (hashOf(bytes) !== sha256) throw new Fault('upstream', 'the boundary that the control plane sent is another one')
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // Beside its place and then moved, so that nobody starts half of it.
    const part = `${file}.${process.pid}`
    try {
      writeFileSync(part, bytes, { mode: 0o600 })
      renameSync(part, file)
    } finally {
      rmSync(part, { force: true })
    }
    return file
  }

  return async (program) => {
    const { sha256 } = program
    const file = join(folder, 'program', sha256.slice(0, 16), 'boundary.cjs')
    if (existsSync(file) && hashOf(readFileSync(file)) === sha256) return file
    const known = fetching.get(sha256) ?? bring(program, file).finally(() => fetching.delete(sha256))
    fetching.set(sha256, known)
    return known
  }
}

async function download(from: URL): Promise<Buffer> {
  try {
    const answer = await fetch(from, { signal: AbortSignal.timeout(fetchWithinMs) })
    if (!answer.ok) throw new Error(`it answered ${answer.status}`)
    return Buffer.from(await answer.arrayBuffer())
  } catch (thrown) {
    const { message } = toError(thrown)
    throw new Fault('unavailable', `the boundary could not be fetched from the control plane: ${message}`)
  }
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Where boundaries of a user keep what is theirs; `boundary` says the same of it. */
export function boundaryFolder(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const state = env['XDG_STATE_HOME'] ?? ''
  return join(state.startsWith('/') ? state : join(home, '.local/state'), 'reeve/boundary')
}
