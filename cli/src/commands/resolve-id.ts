import { Fault, isUuid } from '@reeve/base'

const pageMax = 1000
/** How far back a beginning is looked for; a full id is never looked for at all. */
const pagesMax = 10

/** The one id that begins like this. `read` gives a page of ids, newest first, after the one that it is handed. */
export async function resolveId(
  noun: string,
  given: string,
  read: (limit: number, after: string | undefined) => Promise<readonly string[]>,
): Promise<string> {
  const prefix = given.toLowerCase()
  if (isUuid(prefix)) return prefix
  if (!/^[0-9a-f-]{1,35}$/.test(prefix))
    throw new Fault('invalid', `"${given}" is not the id of a ${noun}, nor the beginning of one`)
  const found: string[] = []
  let last: string | undefined
  for (let page = 0; page < pagesMax; page++) {
    const ids = await read(pageMax, last)
    found.push(...ids.filter((id) => id.startsWith(prefix)))
    if (ids.length < pageMax) break
    last = ids.at(-1)
  }
  const [only, ...others] = found
  if (only === undefined) {
    throw new Fault('not_found', `no ${noun} that you may see has an id that begins with ${given}`, {
      fix: 'give the whole id if it is an old one',
    })
  }
  if (others.length === 0) return only
  throw new Fault('invalid', `${found.length} ${noun}s have ids that begin with ${given}`, {
    fix: 'give more of the id',
    problems: found.slice(0, 5).map((id) => ({ field: noun, detail: id })),
  })
}
