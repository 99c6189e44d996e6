import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Where nothing can be mounted the sandbox's home is another folder. What is opened of the user's home, an agent's own
 * state above all, is found there by its usual name: as a link, since the right to a file is that of where it lies.
 */
export function linkHome(folder: string, home: string, opened: readonly string[]): void {
  const linked: string[] = []
  for (const path of opened.toSorted((one, other) => one.length - other.length)) {
    const isWithin = linked.some((above) => path === above || path.startsWith(`${above}/`))
    if (isWithin || !path.startsWith(`${home}/`)) continue
    const at = join(folder, path.slice(home.length + 1))
    mkdirSync(dirname(at), { recursive: true })
    symlinkSync(path, at)
    linked.push(path)
  }
}
