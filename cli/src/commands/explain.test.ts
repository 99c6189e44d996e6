import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { denialId } from '../testing-boundaries.ts'
import { everything } from '../testing-data.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })

test('a denial is told with what was nearest to allowing it and what to do next', async () => {
  await using deployment = await serveContract(everything(false))
  const ran = await runCli(['explain', denialId, '--tz', 'UTC'], signedIn(deployment.url))
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const lines = ran.stdout.split('\n')
  expect(lines[0]).toMatch(/^DENIED {2}POST https:\/\/telemetry\.example\.com\/v1\/t/)
  expect(lines[1]).toBe('by       policy team-web@v14, mode enforce, rule default: no rule allows it')
  expect(lines[2]).toMatch(/^who {6}claude → .*\(pid 4121\)/)
  // Another method is nearer than another host.
  expect(lines[3]).toMatch(/^checked .*method differs$/)
  expect(lines[4]).toMatch(/^ {9}mirror-npm .*host differs$/)
  expect(ran.stdout).toContain('31 identical denials in 7 days, 4 people; nobody has asked for it')
  expect(ran.stdout).toContain(`next     reeve access request ${denialId} --for 8h --reason "…"`)
  expect(ran.stdout).toContain(`${deployment.url}/network?event=${denialId}`)
})

test('the id is found in what people copy, and what is none is refused before anybody is asked', async () => {
  await using deployment = await serveContract(everything(false))
  const pasted = ` ${deployment.url}/network?event=${denialId}&tz=utc`
  expect(await runCli(['explain', pasted], signedIn(deployment.url))).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.params).toEqual({ denial: denialId })
  const before = deployment.asked.length
  for (const wrong of ['dny_short', `${denialId}X`, 'telemetry.example.com'])
    expect(await runCli(['explain', wrong], signedIn(deployment.url)), wrong).toMatchObject({ code: 2, stdout: '' })
  expect(deployment.asked.length).toBe(before)
})

test('who is not to ask again is told so', async () => {
  const base = everything(false)
  const told = async (changes: object) => {
    await using deployment = await serveContract({
      ...base,
      getDenial: (asked) => ({ ...Object(base.getDenial?.(asked)), ...changes }),
    })
    return (await runCli(['explain', denialId], signedIn(deployment.url))).stdout
  }
  expect(await told({ now: 'allow' })).toContain('next     the policy of now allows it: try again')
  expect(await told({ can_request: false })).toContain('whoever ran into it can ask for it: dana')
  expect(await told({ mode: 'observe' })).toMatch(/^WOULD BE DENIED/)
})
