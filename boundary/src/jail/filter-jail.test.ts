import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compiled, hasProgram, helperForTests, isRoot, type Place, place, sandbox, type Setting } from './filter-testing.ts' // prettier-ignore

const helper = helperForTests()
const ordinary: Setting = isRoot ? 'user' : 'container'
const tools = place()
const nodeFolder = dirname(dirname(process.execPath))

const noPush = `
apiVersion: reeve/v1
name: test
commands:
  - { id: no-push, effect: deny, argv: [git, push] }
  - { id: no-secret, effect: deny, argv: [echo, { any: [secret] }] }
`

/** Processes whose command line has the word. */
const processesWith = (word: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word)
    } catch {
      return false
    }
  })

const here = helper !== null && hasProgram('curl') && hasProgram('git')

describe.skipIf(!here)('the jail of tier 2 (needs a C compiler, curl and git)', () => {
  let race = ''
  let starts = ''
  beforeAll(() => {
    race = compiled('race', tools.path)
    starts = compiled('starts', tools.path)
  })
  afterAll(() => tools[Symbol.dispose]())

  const inside = (script: string, more: Parameters<typeof sandbox>[3] & { place?: Place } = {}) =>
    sandbox(helper!, ordinary, script, { read: [tools.path, nodeFolder], ...more })

  test('the command ends as it ended, by code and by signal', async () => {
    using at = place()
    expect((await inside('exit 7', { place: at }).result).code).toBe(7)
    const killed = inside('kill -TERM $$', { place: at })
    await killed.result
    expect(killed.told().at(-1)).toEqual({ code: null, signal: 'SIGTERM' })
    expect((await inside('no-such-program', { place: at }).result).code).toBe(127)
  })

  test('what a connection is meant for is told with the program that made it', async () => {
    using at = place()
    const { told, result } = inside('curl -sS --noproxy "*" http://198.18.0.1:81/ -o /dev/null', { place: at })
    await result
    const { connection, caller } = told().find((fact) => 'connection' in fact) ?? {}
    expect(connection).toEqual({ address: '198.18.0.1', port: 81 })
    expect(caller).toMatchObject({ exe: '/usr/bin/curl', argv: expect.arrayContaining(['-sS']), tree: ['dash', 'curl'] }) // prettier-ignore
  })

  test.each(['address', 'descriptor'])('a thread that changes the %s meanwhile reaches nothing else', async (what) => {
    using at = place()
    const server = createServer((socket) => socket.on('error', () => socket.destroy()).end('forbidden'))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { out, err } = await inside(`${race} ${what} 127.0.0.1 ${port}`, { place: at }).result
    server.close()
    expect(out.trim(), err).toBe('0')
  })

  test('X15: a service of the machine is not reached by listening beside it', async () => {
    using at = place()
    const server = createServer((socket) => socket.on('error', () => socket.destroy()).end('reached'))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const script = `require('net').createServer((s) => s.end('own')).listen(${port}, '127.0.0.9', () => {
      const c = require('net').connect(${port}, '127.0.0.1').on('data', (d) => { console.log(String(d)); process.exit() });
      c.write('GET / HTTP/1.0\\r\\n\\r\\n')
    })`
    const { out, err } = await inside(`${process.execPath} -e "${script.replaceAll('\n', ' ')}"`, { place: at }).result
    server.close()
    expect(out, err).toContain(`"destination":{"address":"127.0.0.1","port":${port}}`)
  })

  test('F12: a start is decided whichever way it is made', async () => {
    using at = place()
    const ways = ['memfd', 'self', 'vfork', 'thread']
    const script = `G=$(command -v git); ${ways.map((way) => `${starts} ${way} $G push`).join('; ')}; ${starts} memfd $G --version`
    const { told, result } = inside(script, { place: at, policy: noPush })
    const { out, err } = await result
    expect(out.trim().split('\n').slice(0, 4), err).toEqual(Array(4).fill('Operation not permitted'))
    expect(out).toContain('git version')
    const records = told().flatMap(({ record }) => (record === undefined ? [] : [record]))
    expect(records.filter(({ rule }) => rule === 'no-push')).toHaveLength(4)
    expect(records.find(({ exec }) => exec?.path.startsWith('/memfd:') === true)?.facts).toEqual({ writable: true })
  })

  test('F12: a thread that swaps the words of a command line may start it, and gains nothing of files or network', async () => {
    using at = place()
    const script = `${starts} swap /bin/echo public secret >out; cat /etc/shadow; curl -sS --noproxy '*' http://10.1.2.3/`
    const { out, err } = await inside(script, { place: at, policy: noPush }).result
    expect(err).toContain('Permission denied')
    expect(out).toContain('"address":"10.1.2.3"')
  })

  test('a program whose name is no text does not run', async () => {
    using at = place()
    const { out } = await inside(`cp /bin/echo "$(printf 'e\\377')"; ./"$(printf 'e\\377')" ran`, { place: at }).result
    expect(out).toBe('')
  })

  test('a command line of thousands of words is read whole', async () => {
    using at = place()
    const { out, told, result } = { ...inside('echo $(seq 9000) | wc -w; /bin/echo $(seq 9000) secret | wc -w', { place: at, policy: noPush }), out: '' } // prettier-ignore
    expect(out + (await result).out.trim().split('\n').join(' ')).toBe('9000 0')
    expect(JSON.stringify(told())).toContain('no-secret')
  })

  test('an approved deletion goes on to its end', async () => {
    using at = place()
    const policy = 'apiVersion: reeve/v1\nname: t\nfiles: { bulk_delete: { count: 5, seconds: 10, effect: ask } }\n'
    const script = 'for i in 1 2 3 4 5 6 7 8; do echo > f$i; done; rm f*; ls | grep -c ^f; rm -rf node_modules'
    const { out } = await inside(script, { place: at, policy, answer: 'approved' }).result
    expect(out.trim()).toBe('0')
  })

  test('without its supervisor nothing starts, nothing connects, and nothing is left', async () => {
    using at = place()
    const word = `marked-${process.pid}`
    const script = `echo up; (sleep 600 ${word} & exec sleep 600 ${word}) & sleep 600 ${word}; echo after`
    const { process: supervisor, result } = inside(script.replaceAll('sleep 600', `${tools.path}/linger`), {
      place: at,
    })
    writeFileSync(`${tools.path}/linger`, '#!/bin/sh\nexec tail -f /dev/null "$@"\n', { mode: 0o755 })
    await expect.poll(() => processesWith(word).length).toBeGreaterThan(1)
    supervisor.kill('SIGKILL')
    const { out } = await result
    expect(out).not.toContain('after')
    await expect.poll(() => processesWith(word)).toEqual([])
  })

  test('what the command leaves running ends with it', async () => {
    using at = place()
    const word = `left-${process.pid}`
    await inside(`setsid sh -c "tail -f /dev/null ${word}" >/dev/null 2>&1 & sleep 0.2; exit 0`, { place: at }).result
    await expect.poll(() => processesWith(word)).toEqual([])
    expect(existsSync(at.workspace)).toBe(true)
  })

  test('X02: tier 3 hears programs that know of the proxy, and only those of the sandbox', async () => {
    using at = place()
    const script = `echo $HTTP_PROXY; curl -sS http://somewhere.test/; while [ ! -e ${at.path}/over ]; do sleep 0.1; done`
    const { told, result, process: supervisor } = inside(script, { place: at, tier: 3 })
    await expect
      .poll(() => told().find(({ connection }) => connection !== undefined)?.caller?.tree)
      .toEqual(['dash', 'curl'])
    const port = told().find(({ connection }) => connection !== undefined)?.connection?.port ?? 0
    const stranger = connect(port, '127.0.0.1')
    await new Promise((done) => stranger.on('error', done).on('close', done).resume())
    writeFileSync(`${at.path}/over`, '')
    expect((await result).out).toContain(`http://127.0.0.1:${port}`)
    expect(told().filter((fact) => 'connection' in fact)).toHaveLength(1)
    expect(supervisor.exitCode).toBe(0)
  })

  test('tier 3 keeps the files and the kernel shut, and tells programs of the proxy', async () => {
    using at = place()
    const script = 'echo $HTTP_PROXY | cut -d: -f1,2; cat /etc/shadow; unshare -n true; echo x >/etc/x'
    const { out, err } = await inside(script, { place: at, tier: 3 }).result
    expect(out.trim()).toBe('http://127.0.0.1')
    expect(err.match(/Permission denied|not permitted/g)).toHaveLength(3)
  })
})
