import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { offersExecutable } from './executable.ts'
import { initScript } from './init-script.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'

test('an address with anything in it stays one word of the script', () => {
  const script = initScript({ os: 'linux', arch: 'amd64', auth: 'token', accessUrl: "https://x/'; touch /tmp/no; '/" })
  const shown = script.slice(0, script.indexOf('export CODER')) + 'printf %s "$CODER_AGENT_URL"\n'
  expect(spawnSync('sh', ['-c', shown]).stdout.toString()).toBe("https://x/'; touch /tmp/no; '")
})

/** The script on a machine that has these programs and no others. */
function runWith(programs: readonly string[], arch: string) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bare-'))
  for (const name of programs) {
    const real = spawnSync('sh', ['-c', `command -v ${name}`])
      .stdout.toString()
      .trim()
    symlinkSync(real, join(folder, name))
  }
  const script = initScript({ os: 'linux', arch, auth: 'token', accessUrl: 'http://127.0.0.1:1' })
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script], { env: { PATH: folder, TMPDIR: folder } })
  rmSync(folder, { recursive: true })
  return { status, said: stderr.toString() }
}

test('a machine that lacks what it takes says so', () => {
  expect(runWith(['mktemp'], 'armv7')).toMatchObject({ status: 127, said: expect.stringContaining('no Node.js 22') })
  expect(runWith([], 'amd64')).toMatchObject({ status: 127, said: expect.stringContaining('no mktemp') })
  if (!offersExecutable) return
  const own = process.arch === 'x64' ? 'amd64' : 'arm64'
  expect(runWith(['mktemp'], own)).toMatchObject({
    status: 127,
    said: expect.stringContaining('neither curl nor wget'),
  })
})

test('the script is one that a POSIX shell can read, also without what is not asked for', () => {
  for (const arch of ['amd64', 'arm64', 'armv7']) {
    const script = initScript({ os: 'linux', arch, auth: 'token', accessUrl: 'https://reeve.test' })
    expect(spawnSync('sh', ['-n', '-c', script]).stderr.toString()).toBe('')
  }
})

/** The script with an agent of the test, which is a shell script, in the place of the one that is fetched. */
function machineWith(folder: string, agent: string) {
  const [temporary, said] = [join(folder, 'tmp'), join(folder, 'starts')]
  mkdirSync(temporary)
  const program = (name: string, text: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  program('node', `[ "$1" != -e ] || exit 0\ncd '${folder}'\necho start >>starts\n${agent}`)
  program('curl', 'exit 0')
  const script = initScript({ os: 'linux', arch: 'amd64', auth: 'token', accessUrl: 'http://127.0.0.1:1' })
  const env = { PATH: `${folder}:${process.env['PATH']}`, TMPDIR: temporary }
  const child = spawn('/bin/sh', ['-c', script], { env, stdio: 'ignore' })
  return {
    child,
    ended: once(child, 'exit'),
    starts: () => (existsSync(said) ? readFileSync(said, 'utf8').split('\n').length - 1 : 0),
    left: () => readdirSync(temporary),
  }
}

test('an agent that is killed is started again in the same folder, and ends as it likes', async () => {
  using home = temporaryFolder()
  const { ended, starts, left } = machineWith(
    home.path,
    'echo "$REEVE_AGENT_FOLDER" >>folders\n[ "$(wc -l <starts)" -ge 2 ] || kill -9 $$\nexit 3',
  )
  expect(await ended).toEqual([3, null])
  expect(starts()).toBe(2)
  const [first, second] = readFileSync(join(home.path, 'folders'), 'utf8').split('\n')
  expect(second).toBe(first)
  expect(left()).toEqual([])
})

test.each(['SIGTERM', 'SIGINT'] as const)(
  'an agent is told of %s, has its time, and is not started again',
  async (signal) => {
    using home = temporaryFolder()
    const { child, ended, starts, left } = machineWith(
      home.path,
      `trap 'sleep 0.3; touch parted; exit 0' TERM\ntouch ready\nwhile :; do sleep 0.05; done`,
    )
    await expect.poll(() => existsSync(join(home.path, 'ready'))).toBe(true)
    child.kill(signal)
    expect(await ended).toEqual([0, null])
    expect(existsSync(join(home.path, 'parted'))).toBe(true)
    expect([starts(), left()]).toEqual([1, []])
  },
)

test('a machine that goes down while its agent is dead does not start it again', async () => {
  using home = temporaryFolder()
  const { child, ended, starts } = machineWith(home.path, 'kill -9 $$')
  // The file is there a moment before the line in it.
  await expect.poll(starts).toBe(1)
  child.kill('SIGTERM')
  // Which of the two signals came first is nobody's to say.
  expect([137, 143]).toContain((await ended)[0])
  expect(starts()).toBe(1)
})
