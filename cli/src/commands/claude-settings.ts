import { join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import type { Io } from '../io.ts'
import { readSettings, replaceSettings } from './settings-file.ts'

/** Claude Code's settings files: JSON with an `env` block that it applies to itself (docs.claude.com, settings). */

export function settingsFile(io: Io, scope: 'user' | 'project'): string {
  // The project's own settings.json is shared through git; a token belongs into the local one.
  if (scope === 'project') return join(io.cwd, '.claude', 'settings.local.json')
  const folder = io.env['CLAUDE_CONFIG_DIR'] ?? ''
  if (folder === '' && io.home === '')
    throw new Fault('invalid', 'there is no home directory', { fix: 'set CLAUDE_CONFIG_DIR' })
  return join(folder === '' ? join(io.home, '.claude') : folder, 'settings.json')
}

/**
 * Sets variables in the `env` block and leaves everything else as it is; null removes one. Keeps a copy of the file as
 * it was, and returns its name; null when there was no file, or nothing to change.
 */
export async function mergeEnv(
  file: string,
  changes: Readonly<Record<string, string | null>>,
  now: Date,
): Promise<{ readonly changed: boolean; readonly backup: string | null }> {
  const read = await readSettings(file)
  const settings = read.text === null ? {} : parseSettings(read.target, read.text)
  const env = { ...envOf(read.target, settings) }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete env[name]
    else env[name] = value
  }
  if (read.text !== null && JSON.stringify(env) === JSON.stringify(envOf(read.target, settings)))
    return { changed: false, backup: null }
  const backup = await replaceSettings(read, `${JSON.stringify({ ...settings, env }, null, 2)}\n`, now)
  return { changed: true, backup }
}

/**
 * What Claude Code will use for a variable, and who says so. The `env` blocks win over the environment, and among them
 * managed settings over those of the project, local first, over those of the user.
 */
export async function effectiveEnv(
  io: Io,
): Promise<ReadonlyMap<string, { readonly value: string; readonly from: string }>> {
  const files = [
    '/etc/claude-code/managed-settings.json',
    settingsFile(io, 'project'),
    join(io.cwd, '.claude', 'settings.json'),
    ...(io.home === '' && (io.env['CLAUDE_CONFIG_DIR'] ?? '') === '' ? [] : [settingsFile(io, 'user')]),
  ]
  const found = new Map<string, { value: string; from: string }>()
  for (const file of files) {
    const { text } = await readSettings(file)
    if (text === null) continue
    for (const [name, value] of Object.entries(envOf(file, parseSettings(file, text)))) {
      if (!found.has(name)) found.set(name, { value: String(value), from: file })
    }
  }
  for (const [name, value] of Object.entries(io.env)) {
    if (value !== undefined && !found.has(name)) found.set(name, { value, from: 'the environment' })
  }
  return found
}

function parseSettings(file: string, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch (thrown) {
    throw new Fault('invalid', `${file} is not JSON: ${toError(thrown).message}`, {
      fix: 'repair it; nothing was changed',
    })
  }
  if (isRecord(value)) return value
  throw new Fault('invalid', `${file} does not hold settings`, { fix: 'repair it; nothing was changed' })
}

function envOf(file: string, settings: Record<string, unknown>): Record<string, unknown> {
  const env = settings['env'] ?? {}
  if (isRecord(env)) return env
  throw new Fault('invalid', `"env" in ${file} is not a block of variables`, { fix: 'repair it; nothing was changed' })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
