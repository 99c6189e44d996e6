import { access, chmod, constants, copyFile, readFile, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Fault, plainText, toError } from '@reeve/base'
import { isMissing, writePrivate } from '../deployments.ts'

/** A file of settings that belongs to an agent, as it lies there. */
export interface SettingsFile {
  /** Where it really is: settings that are kept elsewhere and linked here stay linked. */
  readonly target: string
  /** Null where there is none yet. */
  readonly text: string | null
  readonly mode: number
}

/** What comes of a text of settings, and the names of those that are not as they were. */
export interface Edited {
  readonly text: string
  readonly names: readonly string[]
}

export async function readSettings(file: string): Promise<SettingsFile> {
  try {
    const target = await behindLinks(file)
    const found = await stat(target).catch((thrown: unknown) => {
      if (isMissing(thrown)) return null
      throw thrown
    })
    if (found === null) return { target, text: null, mode: 0o600 }
    if (!found.isFile())
      throw new Fault('invalid', `${file} is not a file`, { fix: 'move it away; nothing was changed' })
    const text = plainText(await readFile(target))
    if (text !== null) return { target, text, mode: found.mode & 0o777 }
    throw new Fault('invalid', `${file} is not text in UTF-8`, { fix: 'repair it; nothing was changed' })
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('internal', `cannot read ${file}: ${toError(thrown).message}`, { cause: thrown })
  }
}

/** For those who make a token first: a file that cannot be written is found before there is one. */
export async function refuseUnwritable({ target }: SettingsFile): Promise<void> {
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    try {
      if ((await stat(folder)).isDirectory()) return await access(folder, constants.W_OK)
      throw new Error(`${folder} is not a folder`)
    } catch (thrown) {
      if (isMissing(thrown) && folder !== dirname(folder)) continue
      throw new Fault('invalid', `cannot write ${target}: ${toError(thrown).message}`, { cause: thrown })
    }
  }
}

/** Replaces the file in one step. Keeps a copy of it as it was, and returns its name; null when there was none. */
export async function replaceSettings(
  { target, text }: SettingsFile,
  content: string,
  now: Date,
  mode = 0o600,
): Promise<string | null> {
  const backup = text === null ? null : await copyPrivate(target, now)
  await writePrivate(target, content, mode)
  return backup
}

/** For settings that cannot be merged. */
export function unusable(file: string, line: number | null, what: string, fix = 'repair it'): Fault {
  return new Fault('invalid', `${file}${line === null ? '' : `, line ${line}`}: ${what}`, {
    fix: `${fix}; nothing was changed`,
  })
}

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Also where a link leads to nothing yet. */
async function behindLinks(file: string, linksMax = 40): Promise<string> {
  try {
    return await realpath(file)
  } catch (thrown) {
    if (!isMissing(thrown) || linksMax === 0) throw thrown
    const next = await readlink(file).catch(() => null)
    return next === null ? file : behindLinks(resolve(dirname(file), next), linksMax - 1)
  }
}

/** Under the time of day, and a number where that second has a copy already. */
async function copyPrivate(from: string, now: Date): Promise<string> {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  try {
    for (let number = 1; ; number += 1) {
      const to = `${from}.${stamp}${number === 1 ? '' : `-${number}`}.bak`
      try {
        await copyFile(from, to, constants.COPYFILE_EXCL)
      } catch (thrown) {
        if (Object(thrown).code === 'EEXIST') continue
        throw thrown
      }
      await chmod(to, 0o600)
      return to
    }
  } catch (thrown) {
    throw new Fault('internal', `cannot keep a copy of ${from}: ${toError(thrown).message}`, { cause: thrown })
  }
}
