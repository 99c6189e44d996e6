import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isConfiguration } from './configuration.ts'

/** What a build is given of its owner where a file of the template names it, and not otherwise. */
export const ownerWords = [
  'session_token',
  'oidc_access_token',
  'ssh_private_key',
  'ssh_public_key',
  'coder_secret',
] as const
export type OwnerWord = (typeof ownerWords)[number]

const filesMax = 10_000
const fileBytesMax = 4 * 1024 * 1024

/**
 * Which of them the modules name that `terraform init` has fetched into the folder of a run. Whoever wrote a module may
 * have put anything there: links are not followed, and neither pipes nor endless files are read.
 */
export function wordsOfModules(source: string): OwnerWord[] {
  const named = new Set<OwnerWord>()
  let files = 0
  const visit = (folder: string): void => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      if (!entry.isFile() || !isConfiguration(entry.name) || ++files > filesMax) continue
      const text = textOf(path)
      for (const word of ownerWords) if (text.includes(word)) named.add(word)
    }
  }
  visit(join(source, '.terraform', 'modules'))
  return ownerWords.filter((word) => named.has(word))
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // A template without modules has no such folder.
    return []
  }
}

function textOf(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(file)
    return stat.isFile() && stat.size <= fileBytesMax ? readFileSync(file, 'utf8') : ''
  } finally {
    closeSync(file)
  }
}
