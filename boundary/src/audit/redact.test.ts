import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clean, redactArgv, redactUrl } from './redact.ts'

test('S05: of a URL neither the user, nor the values of its query, nor its fragment stand in the record', () => {
  expect(redactUrl('https://user:pw@api.test:8443/v1/x?key=abc&q=&key=def#frag')).toBe(
    'https://api.test:8443/v1/x?key=*&q=*',
  )
  expect(redactUrl('https://api.test/x?sometokenalone')).toBe('https://api.test/x?*')
  expect(redactUrl('https://user:p@ss@api.test/x@y')).toBe('https://api.test/x@y')
  expect(redactUrl('https://api.test/x?')).toBe('https://api.test/x?')
  expect(redactUrl(`https://api.test/ghp_${'a'.repeat(36)}/x`)).toBe('https://api.test/[github]/x')
})

test.each([
  [
    ['curl', '-H', 'Authorization: Bearer hunter2hunter2', 'https://x.test/?k=hunter2'],
    'Authorization: *',
    'https://x.test/?k=*',
  ],
  [['curl', '-HX-Api-Key: hunter2'], '-HX-Api-Key: *'],
  [['curl', '-u', 'dana:hunter2', '--cookie', 'sid=hunter2'], 'dana:*', '*'],
  [['curl', '-udana:hunter2'], '-udana:*'],
  [['/usr/bin/curl', '-d', 'password=hunter2', '--data-raw=hunter2', '-dhunter2'], '*', '--data-raw=*', '-d*'],
  [['gh', 'auth', 'login', '--with-token', 'hunter2'], '*'],
  [['tool', '--password=hunter2', '--api-key', 'hunter2'], '--password=*', '*'],
  [['env', 'NPM_TOKEN=hunter2', 'AWS_SECRET_ACCESS_KEY=hunter2', 'npm', 'i'], 'NPM_TOKEN=*', 'AWS_SECRET_ACCESS_KEY=*'],
  [['mysql', '-uroot', '-phunter2'], '-p*'],
  [['sshpass', '-p', 'hunter2', 'ssh', 'h'], '*'],
  [
    [
      'bash',
      '-c',
      `TOKEN=hunter2 curl -H 'Authorization: token hunter2' https://u:hunter2@x.test/?a=hunter2 --token hunter2`,
    ],
  ],
  [['bash', '-c', `curl -H "X-Auth-Token: hunter2" --password 'hunter2'; GH_TOKEN="hunter2" gh pr list`]],
  [['git', 'clone', 'https://oauth2:hunter2@git.test/a.git'], 'https://git.test/a.git'],
])('no secret of %j stands in the record', (argv, ...expected) => {
  const redacted = redactArgv(argv)
  expect(redacted.join(' ')).not.toContain('hunter2')
  for (const word of expected) expect(redacted).toContain(word)
})

test('a command line without secrets is left as it is', () => {
  for (const argv of [
    ['git', 'push', '-u', 'origin', 'main'],
    ['sort', '-u', 'a:b/c'],
    ['npm', 'install', '--save-exact', 'left-pad'],
    ['curl', '-fsSL', '-d', '@body.json', 'https://x.test/a'],
    ['python3', '-m', 'pytest', 'tests/test_token.py'],
    ['mysql', '-h', 'db', '-P', '3306'],
  ]) {
    const kept = argv.map((word) => (word === 'a:b/c' ? 'a:*' : word))
    expect(redactArgv(argv)).toEqual(kept)
  }
})

test('whatever stands around it, a credential of a known form does not reach the record, and no text is too long', () => {
  const words = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 900 }),
      fc.constantFrom('--token', 'a=b', '-H', 'Cookie: x=y', 'https://a:b@c/d?e=f', 'x-api-key: 1', '-u', '-d', '-c'),
    ),
    { maxLength: 30 },
  )
  const secret = `ghp_${'a1B2'.repeat(9)}`
  fc.assert(
    fc.property(words, words, (before, after) => {
      const redacted = redactArgv(['curl', ...before, `x=${secret}`, ...after])
      expect(redacted.join(' ')).not.toContain(secret)
      expect(redacted.length).toBeLessThanOrEqual(49)
      for (const word of redacted) expect(word.length).toBeLessThanOrEqual(512)
    }),
    { numRuns: 50 },
  )
})

test('control characters and halves of characters do not reach the record', () => {
  expect(clean('a\u0000b\u001b[31m\ud800c\u2028', 100)).toBe('a\ufffdb\ufffd[31m\ufffdc\ufffd')
  expect(clean('abcdef', 4)).toBe('abc…')
})
