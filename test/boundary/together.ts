import type { Outcome, World } from './world.ts'

/** What came of one script of several; its events begin where it did. */
export type Shown = Pick<Outcome, 'stdout' | 'stderr' | 'events'>

/**
 * Runs scripts in one boundary, one behind the other: a start costs more than most of them do. Each is a shell of its
 * own, and a program started before it says in the record where its events begin.
 */
export async function together(
  world: World,
  alike: readonly { readonly key: string; readonly script: string }[],
  how: Parameters<World['inside']>[1],
): Promise<ReadonlyMap<string, Shown>> {
  const parts = alike.map(
    ({ key, script }) => `/usr/bin/true begins-${key}; printf '\\n--- ${key}\\n'\n(\n${script}\n)\n`,
  )
  const { stdout, stderr, events } = await world.inside(parts.join(''), how)
  const texts = new Map(
    stdout
      .split(/^--- /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n') + 1)]),
  )
  return new Map(
    alike.map(({ key }) => {
      const from = events.findIndex(({ exec }) => exec?.argv[1] === `begins-${key}`)
      return [key, { stdout: texts.get(key) ?? '', stderr, events: from === -1 ? [] : events.slice(from) }]
    }),
  )
}
