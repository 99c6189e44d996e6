import { expect, test } from 'vitest'
import { commands } from './commands.ts'
import { complete } from './complete.ts'
import { matchedWords } from './find-command.ts'
import { runCli, serveContract } from './testing.ts'
import { everything } from './testing-data.ts'
import { userId } from './testing-sessions.ts'
import { version } from './version.ts'

test('the version is one line', async () => {
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('help is the answer when it was asked for, and a complaint when a verb is missing', async () => {
  expect(await runCli([])).toMatchObject({ code: 0, stderr: '' })
  expect(await runCli(['tokens'])).toMatchObject({ code: 2, stdout: '' })
  for (const words of [
    ['help'],
    ['--help'],
    ['help', 'tokens', 'create'],
    ['token', 'create', '-h'],
    ['tokens', '--help'],
  ]) {
    const ran = await runCli(words)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toContain('Usage: reeve')
  }
})

test('every command has help of its own, as text and as data', async () => {
  for (const { path, summary } of commands) {
    expect((await runCli([...path, '--help'])).stdout).toContain(summary)
    const schema = JSON.parse((await runCli([...path, '--help', '-o', 'json'])).stdout) as { commands: unknown[] }
    expect(schema.commands).toEqual([expect.objectContaining({ command: path.join(' '), summary })])
  }
  const all = JSON.parse((await runCli(['--help', '-o', 'json'])).stdout) as { commands: unknown[] }
  expect(all.commands).toHaveLength(commands.length)
  const group = JSON.parse((await runCli(['help', 'gateway', 'session', '-o', 'json'])).stdout) as {
    commands: unknown[]
  }
  const ofSessions = commands.filter(({ path }) => path.join(' ').startsWith('bridge sessions '))
  expect(group.commands).toHaveLength(ofSessions.length)
})

test('a wrong word is told with the command whose help to read', async () => {
  for (const [words, message] of [
    [['tokens', 'lst'], "unknown command 'lst'"],
    [['tokens', 'create', '--nam', 'x'], "unknown option '--nam' (Did you mean --name?)"],
    [['tokens', 'show'], "missing required argument 'token'"],
    [['tokens', 'list', 'extra'], 'too many arguments'],
    [['tokens', 'create', '--lifetime', 'soon'], '--lifetime: "soon" is not a duration'],
    [['users', 'list', '--limit', '-1'], '--limit: "-1" is not a whole number'],
    [['whoami', '-o', 'yaml'], '--output: "yaml" is none of table, wide, json'],
    [['whoami', '--tz', 'Mars'], '"Mars" is not a time zone'],
  ] as const) {
    const ran = await runCli(words)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(message)
    expect(ran.stderr).toContain('[E_INVALID]')
    expect(ran.stderr).toContain('try:   reeve help')
  }
})

test('a password that looks like a flag is a password', async () => {
  await using deployment = await serveContract(everything(false))
  const words = [
    '--first-user-email',
    'a@b.example',
    '--first-user-username',
    'a',
    '--first-user-password',
    '-ojson--url',
  ]
  await runCli(['login', deployment.url, ...words], { env: { XDG_CONFIG_HOME: '/dev/null' } })
  expect(deployment.asked[0]?.body).toMatchObject({ password: '-ojson--url' })
})

test('options of every command may stand before or after it', async () => {
  await using deployment = await serveContract(everything(false))
  const env = { REEVE_SESSION_TOKEN: 'rv_x' }
  for (const words of [
    ['-o', 'id', '--url', deployment.url, 'users', 'list'],
    ['users', '-o', 'id', 'list', '--url', deployment.url],
    ['users', 'list', '-oid', `--url=${deployment.url}`],
  ]) {
    expect((await runCli(words, { env })).stdout).toMatch(/^[0-9a-f-]{36}\n$/)
  }
})

test('an error carries its stack only when that was asked for', async () => {
  const env = { REEVE_SESSION_TOKEN: 'rv_x', REEVE_URL: 'http://127.0.0.1:9' }
  expect((await runCli(['whoami'], { env })).stderr).not.toContain('    at ')
  expect((await runCli(['whoami', '-v'], { env })).stderr).toContain('caused by')
})

test('what cannot be undone wants a yes', async () => {
  await using deployment = await serveContract(everything(false))
  const env = { REEVE_SESSION_TOKEN: 'rv_x', REEVE_URL: deployment.url }
  const ran = await runCli(['tokens', 'revoke', 'laptop'], { env })
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toContain('--yes')
  expect(deployment.asked.some((one) => one.name === 'deleteKey')).toBe(false)
  expect((await runCli(['tokens', 'revoke', 'laptop', '-y'], { env })).code).toBe(0)
  expect(deployment.asked.at(-1)).toMatchObject({ name: 'deleteKey', params: { key: 'k1' } })
  expect((await runCli(['users', 'rm', 'dana', '-y'], { env })).code).toBe(0)
  expect(deployment.asked.at(-1)).toMatchObject({ name: 'deleteUser', params: { user: userId } })
})

test('completion knows nouns, verbs, flags, their values and arguments', () => {
  const words = (...typed: string[]) => complete(typed).map((candidate) => candidate.split('\t')[0])
  expect(words('to')).toEqual(['tokens'])
  expect(words('ser')).toEqual(['server'])
  expect(words('tokens', '')).toEqual(['create', 'list', 'show', 'revoke', 'expire'])
  expect(words('gateway', 'session', 't')).toEqual(['tail'])
  expect(words('-o', 'json', 'tokens', 'create', '--sc')).toEqual(['--scope'])
  expect(words('tokens', 'list', '-o', 'j')).toEqual(['json', 'jsonl'])
  expect(words('bridge', 'requests', 'show', '--body', '')).toEqual(['request', 'sent', 'response'])
  expect(words('completion', '')).toEqual(['bash', 'zsh', 'fish'])
})

test('a token is also removed, as most things are', async () => {
  const words = (verb: string) => matchedWords(['token', verb, 'laptop'])
  for (const verb of ['revoke', 'remove', 'rm']) expect(words(verb)).toEqual(['tokens', 'revoke'])
  expect(matchedWords(['users', 'rm', 'max'])).toEqual(['users', 'remove'])
  await using deployment = await serveContract(everything(false))
  const env = { REEVE_SESSION_TOKEN: 'rv_x', REEVE_URL: deployment.url }
  expect((await runCli(['tokens', 'rm', 'laptop', '-y'], { env })).code).toBe(0)
  expect(deployment.asked.some((one) => one.name === 'deleteKey')).toBe(true)
})
