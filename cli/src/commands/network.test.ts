import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'
import { requestId } from '../testing-sessions.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })
const id = (n: number): string => `0197f3a2-0000-7000-8000-${String(n).padStart(12, '0')}`

test('following shows the latest, and then each once, those that were delivered late too', async () => {
  const base = everything(false)
  // SAFETY: it asks for nothing that is asked of it, and the contract server holds what it answers to the schema.
  const [event] = Object(base.listBoundaryEvents?.({} as never)).events
  const row = (n: number) => ({ ...event, id: id(n) })
  // The third look finds one that is older than what was shown, and stands below it in the list.
  const looks = [[row(5)], [row(7), row(5)], [row(7), row(6), row(5)]]
  const seen = Promise.withResolvers<void>()
  let look = 0
  await using deployment = await serveContract({
    ...base,
    listBoundaryEvents: () => {
      const found = looks[Math.min(look++, looks.length - 1)] ?? []
      if (look > looks.length) seen.resolve()
      return { events: found, count: found.length, count_is_exact: true }
    },
  })
  const ran = await runCli(['network', 'events', '--follow', '-o', 'id'], {
    ...signedIn(deployment.url),
    stopWhen: seen.promise,
  })
  expect(ran.code).toBe(130)
  expect(ran.stdout).toBe(`${id(5)}\n${id(7)}\n${id(6)}\n`)
})

test('times and the query go along, and what is left out is told', async () => {
  const base = everything(false)
  await using deployment = await serveContract({
    ...base,
    listBoundaryDestinations: (asked) => ({ ...Object(base.listBoundaryDestinations?.(asked)), count: 812 }),
  })
  const words = ['network', 'destinations', '--filter', 'verdict:denied', '--since', '2026-11-20T00:00:00Z']
  const ran = await runCli(words, signedIn(deployment.url))
  expect(ran.code).toBe(0)
  expect(ran.stderr).toContain('1 of 812: --limit or --filter shows others')
  expect(deployment.asked.at(-1)?.query).toEqual({
    q: 'verdict:denied started_after:2026-11-20T00:00:00.000Z',
    limit: '100',
  })
})

test('a boundary leads back to the sessions with models that ran in it, and its JSON is the API’s', async () => {
  await using deployment = await serveContract(everything(false))
  const show = (...more: string[]) =>
    runCli(['boundaries', 'show', requestId, '--color', 'never', ...more], {
      ...signedIn(deployment.url),
      columns: 160,
    })
  const { stdout } = await show()
  expect(stdout).toMatch(/sessions with models\n(\S+) .* reeve bridge sessions show \1\n/)
  expect(deployment.asked.at(-1)).toMatchObject({ name: 'listSessions', query: { q: `boundary:${requestId}` } })
  expect(JSON.parse((await show('-o', 'json')).stdout)).not.toHaveProperty('sessions')
  expect(deployment.asked.at(-1)).toMatchObject({ name: 'getBoundarySession' })
})
