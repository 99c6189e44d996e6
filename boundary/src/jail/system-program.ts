import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where programs lie that the boundary itself starts. Not `PATH`: that is the command's, and may name a folder that a
 * sandbox wrote before (`node_modules/.bin`, an environment of Python's); what lies there would run outside of it.
 */
const folders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'] as const

export const systemPath = folders.join(':')

/** Null where the system has no such program. */
export const systemProgram = (name: string): string | null =>
  folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
