import { expect, test } from 'vitest'
import { complete } from '../complete.ts'
import { runCli, serveContract } from '../testing.ts'
import { policyText } from '../testing-boundaries.ts'
import { everything } from '../testing-data.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })

test('a check asks no server, names lines, and fails where it could not be published', async () => {
  const check = (stdin: string) => runCli(['policies', 'check', '-', '-o', 'json'], { stdin })
  expect(await check(policyText)).toMatchObject({ code: 0 })
  const failing = await check(policyText.replace('expect: allow, rule: github-read', 'expect: deny'))
  expect(failing.code).toBe(1)
  expect(JSON.parse(failing.stdout)).toContainEqual(expect.objectContaining({ level: 'failed' }))
  const broken = await check(policyText.replace('host: api.github.com', 'hosts: api.github.com'))
  expect(broken.code).toBe(1)
  expect(JSON.parse(broken.stdout)).toContainEqual(expect.objectContaining({ level: 'error', line: 5 }))
})

test('publishing goes on from the version that is in force, and makes a policy that is not there yet', async () => {
  const publish = (url: string) =>
    runCli(['policies', 'publish', '-', '--message', 'the mirror'], { ...signedIn(url), stdin: policyText })
  await using deployment = await serveContract(everything(false))
  expect(await publish(deployment.url)).toMatchObject({ code: 0 })
  const body = { document: policyText, message: 'the mirror' }
  expect(deployment.asked.at(-1)).toMatchObject({ params: { policy: 'team-web' }, body: { ...body, based_on: 14 } })
  await using fresh = await serveContract(everything(true))
  expect(await publish(fresh.url)).toMatchObject({ code: 0 })
  expect(fresh.asked.at(-1)).toMatchObject({ name: 'createBoundaryPolicy', body })
})

test('a text that cannot be read is not sent anywhere', async () => {
  await using deployment = await serveContract(everything(false))
  const words = ['policies', 'publish', '-', '--message', 'broken']
  const ran = await runCli(words, { ...signedIn(deployment.url), stdin: 'name: [' })
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toContain('line 1')
  expect(deployment.asked).toEqual([])
})

test('what is shown is the text as it was published, for a file', async () => {
  await using deployment = await serveContract(everything(false))
  const shown = await runCli(['policies', 'show', 'team-web'], signedIn(deployment.url))
  expect(shown.stdout).toBe(policyText)
})

test('going back publishes the text of the version before, and says so', async () => {
  await using deployment = await serveContract(everything(false))
  expect(await runCli(['policies', 'revert', 'team-web'], signedIn(deployment.url))).toMatchObject({ code: 2 })
  expect(await runCli(['policies', 'revert', 'team-web', '--yes'], signedIn(deployment.url))).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.body).toMatchObject({ based_on: 14, reverts: 13, message: 'Back to version 13' })
  const none = await runCli(['policies', 'revert', 'team-web', '--to', '3', '--yes'], signedIn(deployment.url))
  expect(none.code).toBe(3)
})

test('a simulated denial is exit code 6, with the rules that were looked at', async () => {
  const base = everything(false)
  await using deployment = await serveContract({
    ...base,
    simulateBoundaryPolicy: (asked) => ({ ...Object(base.simulateBoundaryPolicy?.(asked)), decision: 'deny' }),
  })
  const ran = await runCli(['policies', 'simulate', 'git push --force'], signedIn(deployment.url))
  expect(ran.code).toBe(6)
  expect(ran.stdout).toContain('mirror-npm')
  expect(deployment.asked.at(-1)?.body).toEqual({ command: 'git push --force' })
})

test('an allow-list becomes a policy that observes, and what was mended is told', async () => {
  const ran = await runCli(['policies', 'import', '-', '--name', 'team'], {
    stdin: 'allowlist:\n  - domain=github.com method=GET path=/acme/*\n',
  })
  expect(ran.code).toBe(0)
  expect(ran.stdout).toContain('name: team\n')
  expect(ran.stdout).toContain('mode: observe')
  expect(ran.stderr).toContain('warning')
  expect(await runCli(['policies', 'check', '-'], { stdin: ran.stdout })).toMatchObject({ code: 0 })
})

test('a word of a command is no alias of another', () => {
  const words = complete(['access', 're']).map((line) => line.split('\t')[0])
  expect(words).toEqual(['request'])
  expect(complete(['access', 'request', '--sc'])[0]).toMatch(/^--scope\t/)
  expect(complete(['bridge', 'request', 'l'])[0]).toMatch(/^list\t/)
})
