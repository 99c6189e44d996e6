import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processesUsing } from './support/processes.ts'

/**
 * `./reeve` from a checkout in which nothing is installed. npm and Node are stand-ins here: an npm that notes its calls
 * and makes a Node that says what it was called with.
 */
const repository = resolve(import.meta.dirname, '..')
let checkout: string
let programs: string

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-launcher-'))
  checkout = join(folder, 'check out')
  programs = join(folder, 'programs')
  mkdirSync(programs)
  for (const file of [
    'reeve',
    'scripts/install.sh',
    'scripts/libatomic.sh',
    'scripts/libraries.sh',
    'scripts/build-dashboard.sh',
    'scripts/build-agent.sh',
    'scripts/start.sh',
    'package-lock.json',
  ]) {
    mkdirSync(dirname(join(checkout, file)), { recursive: true })
    copyFileSync(join(repository, file), join(checkout, file))
  }
  // What workspaces fetch is built already: the stand-in for Node could not.
  const sources = ['agent/src', 'boundary/src', 'boundary/native', 'policy/src', 'sdk/src', 'base/src', 'bin']
  for (const folder of [...sources, 'agent/dist/bin']) {
    mkdirSync(join(checkout, folder), { recursive: true })
  }
  for (const name of ['agent', 'workspace-boundary']) writeFileSync(join(checkout, `bin/run-${name}.mjs`), '')
  for (const name of ['agent', 'boundary']) writeFileSync(join(checkout, `agent/dist/bin/reeve-${name}.js`), '')
  program('node', 'echo v20.1.0')
  program('npm', `echo "$@" >> "$PWD/npm-calls"\n${installing}`)
})
afterEach(async () => {
  const folder = dirname(checkout)
  await expect.poll(() => processesUsing(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})

const installing = `mkdir -p node_modules/node-linux-x/bin
printf '#!/bin/sh\\nprintf "%%s|" "$PWD" "$@"\\n' > node_modules/node-linux-x/bin/node
chmod +x node_modules/node-linux-x/bin/node`

function program(name: string, text: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(programs, name), 0o755)
}

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Place {
  readonly command?: string
  readonly path?: string
  readonly uid?: number
  readonly gid?: number
}

function reeve(args: readonly string[], place: Place = {}): Promise<Run> {
  const { command = join(checkout, 'reeve'), path = `${programs}:/usr/bin:/bin`, ...user } = place
  const env = { PATH: path, HOME: dirname(checkout) }
  return new Promise((done) => {
    execFile(command, args, { cwd: tmpdir(), env, ...user }, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

const npmCalls = () => readFileSync(join(checkout, 'npm-calls'), 'utf8').trim().split('\n')
const forget = () => rmSync(join(checkout, 'node_modules'), { recursive: true })

test('the first run installs without scripts, says so on stderr alone, and then is the command, where it was called', async () => {
  const first = await reeve(['bridge', 'a b'])
  expect(first).toMatchObject({ code: 0, out: `${tmpdir()}|${checkout}/bin/reeve.mjs|bridge|a b|` })
  expect(first.err).toMatch(/^reeve: installing what is missing.*\nreeve: installed in \d+ s\n$/)
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci --ignore-scripts /)])
  expect(await reeve(['--version'])).toEqual({
    code: 0,
    out: `${tmpdir()}|${checkout}/bin/reeve.mjs|--version|`,
    err: '',
  })
  expect(npmCalls()).toHaveLength(1)
})

test('another lock file is installed again', async () => {
  await reeve([])
  writeFileSync(join(checkout, 'package-lock.json'), '{}')
  await reeve([])
  await reeve([])
  expect(npmCalls()).toHaveLength(2)
})

/** A Node that the machine's loader cannot start before the library is somewhere where it looks. */
const lacking = (found: string) => `mkdir -p node_modules/node-linux-x/bin
cat > node_modules/node-linux-x/bin/node <<'NODE'
#!/bin/sh
if ${found}; then printf '%s|' "$@"; exit 0; fi
echo 'error while loading shared libraries: libatomic.so.1: cannot open shared object file' >&2
exit 127
NODE
chmod +x node_modules/node-linux-x/bin/node`

test('an ordinary user gets the library that Node misses unpacked into the checkout', async () => {
  program('npm', lacking('[ -e "$LD_LIBRARY_PATH/libatomic.so.1" ]'))
  program('id', 'echo 1000')
  program('apt-get', 'case "$*" in *download*) : > libatomic1_1_x.deb ;; *install*) exit 1 ;; esac')
  program('dpkg-deb', 'mkdir -p "$3/usr/lib" && : > "$3/usr/lib/libatomic.so.1"')
  expect(await reeve(['--version'])).toMatchObject({ code: 0, out: `${checkout}/bin/reeve.mjs|--version|` })
  expect(existsSync(join(checkout, 'node_modules/.libraries/libatomic.so.1'))).toBe(true)
})

test('as root it is installed like any package', async () => {
  const installed = join(programs, 'installed')
  program('npm', lacking(`[ -e '${installed}' ]`))
  program('id', 'echo 0')
  program('apt-get', `case "$*" in *install*libatomic1*) : > '${installed}' ;; esac`)
  expect(await reeve(['--version'])).toMatchObject({ code: 0, out: `${checkout}/bin/reeve.mjs|--version|` })
})

test('where it cannot be had, that is said with what to do, and the next run tries again', async () => {
  program('npm', lacking('false'))
  program('apt-get', 'exit 1')
  const { code, out, err } = await reeve(['--version'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('apt-get install libatomic1')
  expect(existsSync(join(checkout, 'node_modules/.installed-from'))).toBe(false)
})

test('links to it, relative and absolute, find the checkout', async () => {
  const link = join(programs, 'link')
  symlinkSync(join(checkout, 'reeve'), join(programs, 'first'))
  symlinkSync('first', link)
  expect((await reeve(['x'], { command: link })).out).toContain(`${checkout}/bin/reeve.mjs|x|`)
})

test('first runs at the same time install once', async () => {
  program('npm', `echo "$@" >> "$PWD/npm-calls"\nsleep 0.5\n${installing}`)
  const runs = await Promise.all([reeve(['1']), reeve(['2']), reeve(['3'])])
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(npmCalls()).toHaveLength(1)
})

test('an install that fails shows what npm said and why, and the next run tries again', async () => {
  program('npm', 'echo "npm error network"; exit 1')
  const failed = await reeve([])
  expect(failed).toMatchObject({ code: 1, out: '' })
  expect(failed.err).toContain('  npm error network\n\nreeve: the packages could not be installed')
  program('npm', installing)
  expect((await reeve([])).code).toBe(0)
})

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'an install that gets %s is done again, whatever it had made',
  async (signal) => {
    program('npm', `${installing}\ntouch "$PWD/half"\nexec sleep 600`)
    const child = start(['--version'])
    await expect.poll(() => existsSync(join(checkout, 'half'))).toBe(true)
    const gone = once(child, 'close')
    // As a supervisor would: the whole group.
    process.kill(-child.pid!, signal)
    await gone
    program('npm', `echo "$@" >> "$PWD/npm-calls"\n${installing}`)
    expect((await reeve([])).code).toBe(0)
    expect(npmCalls()).toHaveLength(1)
  },
)

test('SIGTERM to the command alone ends the npm that it started', async () => {
  program('npm', `touch "$PWD/half"\nexec sleep 600`)
  const child = start([])
  await expect.poll(() => existsSync(join(checkout, 'half'))).toBe(true)
  const gone = once(child, 'close')
  child.kill('SIGTERM')
  await gone
})

test('a machine without npm, or with an old Node, is told what it needs in one block', async () => {
  rmSync(join(programs, 'npm'))
  const noNpm = await reeve([], { path: bare() })
  expect(noNpm).toMatchObject({ code: 1, out: '' })
  expect(noNpm.err).toMatch(
    /^\nreeve: its packages are not installed, and npm was not found\n\n {2}The first start needs git, Node 20/,
  )
  program('npm', installing)
  program('node', 'echo v18.20.4')
  expect((await reeve([])).err).toContain(`this machine's Node is too old: v18.20.4`)
})

test('what is installed needs neither npm nor Node of the machine', async () => {
  await reeve([])
  rmSync(programs, { recursive: true })
  expect((await reeve(['x'])).out).toContain('bin/reeve.mjs|x|')
})

test('a first run by somebody who may not write there is told who should', async () => {
  chmodSync(dirname(checkout), 0o755)
  chmodSync(checkout, 0o555)
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const refused = await reeve([], nobody)
  chmodSync(checkout, 0o755)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('Run this command once as the user who owns the checkout')
})

test('npm start is the server, with its arguments, and dies with npm', async () => {
  await reeve([])
  forget()
  program(
    'npm',
    `mkdir -p node_modules/node-linux-x/bin
printf '#!/bin/sh\\n[ "$1" = --version ] && exit; echo "$@" > "${checkout}/started"; exec sleep 600\\n' > node_modules/node-linux-x/bin/node
chmod +x node_modules/node-linux-x/bin/node`,
  )
  const started = join(checkout, 'started')
  const env = { PATH: `${programs}:/usr/bin:/bin`, HOME: dirname(checkout) }
  const npm = spawn('sh', ['-c', `sh '${checkout}/scripts/start.sh' --verbose; :`], { env, stdio: 'ignore' })
  await expect.poll(() => existsSync(started) && readFileSync(started, 'utf8')).toContain('server --verbose')
  npm.kill('SIGKILL')
  await once(npm, 'close')
  await expect.poll(() => processesUsing(dirname(checkout))).toEqual([])
})

function start(args: readonly string[]): ChildProcess {
  const env = { PATH: `${programs}:/usr/bin:/bin`, HOME: dirname(checkout) }
  return spawn(join(checkout, 'reeve'), args, { env, cwd: tmpdir(), stdio: 'ignore', detached: true })
}

/** A PATH with the few programs that the launcher itself needs, and no npm. */
function bare(): string {
  const folder = join(dirname(checkout), 'bare')
  mkdirSync(folder)
  for (const name of ['sh', 'cmp', 'dirname']) symlinkSync(`/usr/bin/${name}`, join(folder, name))
  return folder
}
