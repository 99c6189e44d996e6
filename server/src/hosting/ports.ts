import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isUuid } from '@reeve/base'

/** Below those that the kernel gives to connections. */
const first = 21_000
const last = 29_999

/**
 * Gives each home a port that no other one has, and the same one again. Processes of a machine may share its loopback,
 * and a template has to know where its own listen before anything does.
 */
export function portsBelow(folder: string): (own: string) => Promise<number> {
  const of = async (own: string): Promise<number | null> => {
    const text = await readFile(join(own, 'port'), 'utf8').catch(() => '')
    const port = Number(text.trim())
    return port >= first && port <= last ? port : null
  }
  const give = async (own: string): Promise<number> => {
    const known = await of(own)
    if (known !== null) return known
    const homes = (await readdir(folder)).filter((name) => isUuid(name))
    const taken = new Set(await Promise.all(homes.map((name) => of(join(folder, name)))))
    for (let port = first; port <= last; port++) {
      if (taken.has(port)) continue
      await writeFile(join(own, 'port'), `${port}\n`)
      return port
    }
    throw new Fault('unavailable', 'there is no port for another workspace on this machine')
  }
  let before: Promise<unknown> = Promise.resolve()
  return (own) => {
    const mine = before.then(() => give(own))
    before = mine.catch(() => {})
    return mine
  }
}
