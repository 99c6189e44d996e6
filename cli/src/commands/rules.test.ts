import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })

test('what is named takes the place of what was, the rest stays, and the version that was read goes along', async () => {
  await using deployment = await serveContract(everything(false))
  const words = ['rules', 'set', '--group', 'interns', '--any-model', '--deny-tool', 'Bash', '--deny-tool', 'mcp__*']
  expect(await runCli(words, signedIn(deployment.url))).toMatchObject({ code: 0 })
  const [read, written] = deployment.asked.slice(-2)
  expect(read).toMatchObject({ name: 'getAiRules' })
  expect(written?.body).toEqual({
    models: null,
    tools_allowed: null,
    tools_denied: ['Bash', 'mcp__*'],
    contact: expect.any(String),
    version: 3,
  })
})

test('a check that ends in a no is exit code 1, with the rule and the words', async () => {
  const message = 'The model m (openai) is not allowed in the organization default; ask dana.'
  const decision = { subject: 'model', name: 'm', allowed: false, rule: 'models of organization default', message }
  await using deployment = await serveContract({
    ...everything(false),
    checkAiRules: () => ({ organization_name: 'default', groups: [], allowed: false, decisions: [decision] }),
  })
  const ran = await runCli(['rules', 'check', '--provider', 'openai', '--model', 'm'], signedIn(deployment.url))
  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain('models of organization default')
  expect(ran.stdout).toContain(message)
})

test('what cannot be meant is told before anything is changed', async () => {
  await using deployment = await serveContract(everything(false))
  for (const words of [
    ['rules', 'set'],
    ['rules', 'set', '--model', 'a', '--any-model'],
    ['rules', 'preview'],
    ['rules', 'check', '--model', 'm'],
  ]) {
    expect(await runCli(words, signedIn(deployment.url)), words.join(' ')).toMatchObject({ code: 2, stdout: '' })
  }
  expect(deployment.asked.every(({ body }) => body === undefined)).toBe(true)
})
