import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type FilePolicy, parsePolicy } from '@reeve/policy'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bubblewrapArguments } from '../jail/mounts.ts'
import { type FilesAsked, planMounts } from './mount-plan.ts'
import { holdPlaceholders } from './placeholders.ts'
import { machineTree } from './tree.ts'

const dead = () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() })
const noBubblewrap = spawnSync('bwrap', ['--unshare-user', '--ro-bind', '/', '/', 'true']).status !== 0

function filesOf(text: string): FilePolicy {
  const { policy, problems } = parsePolicy(`apiVersion: reeve/v1\nname: f\nfiles: ${text}\n`)
  if (policy?.files == null) throw new Error(JSON.stringify(problems))
  return policy.files
}

let root: string
let home: string
let workspace: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reeve-plan-'))
  // Not below /tmp as the sandbox sees it: these stand for a home and a project.
  home = join(root, 'home/dana')
  workspace = join(home, 'project')
  put('home/dana/.ssh/id_rsa', 'secret')
  put('home/dana/project/README.md', 'hello')
  put('home/dana/other/notes', 'private')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function put(path: string, text: string, mode = 0o644): void {
  const whole = join(root, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, text)
  chmodSync(whole, mode)
}

const asked = (files = '{}', more: Partial<FilesAsked> = {}): FilesAsked => ({
  home,
  workspace,
  policy: filesOf(files),
  path: ['/usr/bin'],
  program: 'sh',
  commands: [],
  own: [join(home, '.local/state/reeve')],
  tree: machineTree,
  ...more,
})

/** Runs a script in the view, as the jail would, and takes away what was made for it. */
async function inside(script: string, from: FilesAsked = asked()): Promise<string> {
  const plan = planMounts(from)
  const state = join(root, 'state')
  await using held = await holdPlaceholders({ plan, session: 's', stateDirectory: state, lock: dead })
  const words = [
    ...bubblewrapArguments([...plan.mounts, ...held.mounts]),
    '--unshare-user',
    '--cap-drop',
    'ALL',
    '--die-with-parent',
  ]
  const { stdout, stderr } = spawnSync('bwrap', [...words, '--chdir', from.workspace, 'sh', '-c', script], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: from.home,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
    },
  })
  return stdout + stderr
}

describe.skipIf(noBubblewrap)('what the command sees (needs bubblewrap and user namespaces)', () => {
  test('F03 links that git’s folder keeps for the next session lead nowhere', async () => {
    put('home/dana/.netrc', 'secret')
    put('home/dana/project/.git/info/exclude', '')
    rmSync(join(workspace, '.git/info/exclude'))
    symlinkSync('../../../.netrc', join(workspace, '.git/info/exclude'))
    expect(await inside(`cat .git/info/exclude ${home}/.netrc 2>/dev/null; echo ran`)).toBe('ran\n')
    rmSync(join(workspace, '.git/info'), { recursive: true })
    symlinkSync('../../.ssh', join(workspace, '.git/info'))
    expect(await inside(`cat .git/info/id_rsa ${home}/.ssh/id_rsa 2>/dev/null; echo ran`)).toBe('ran\n')
    expect(readdirSync(join(home, '.ssh'))).toEqual(['id_rsa'])
  })

  test('F01 the home is empty but for the workspace', async () => {
    expect(await inside(`ls -A ${home}; cat ${home}/.ssh/id_rsa ${home}/other/notes; cat README.md`)).toMatch(
      /^project\n[^]*hello|project\n/,
    )
    const seen = await inside(`cat ${home}/.ssh/id_rsa ${home}/other/notes`)
    expect(seen).not.toMatch(/secret|private/)
    expect(seen.match(/No such file/g)).toHaveLength(2)
    expect(await inside('head -c1 /etc/shadow')).toContain('Permission denied')
  })

  test('F02 nothing outside of the workspace is written', async () => {
    for (const path of ['/etc/x', '/usr/x', '/x', '/var/x']) {
      expect(await inside(`echo x > ${path}`)).toMatch(/Read-only|Permission denied/)
    }
    await inside(`echo x > ${home}/.bashrc; echo y > new`)
    expect(existsSync(join(home, '.bashrc'))).toBe(false)
    expect(existsSync(join(workspace, 'new'))).toBe(true)
  })

  test('F02 what is run by people later cannot be written, moved or made', async () => {
    execFileSync('git', ['init', '-q', workspace])
    put('home/dana/project/.mcp.json', '{"a":1}')
    put('home/dana/project/.vscode/tasks.json', '{}')
    const protectedOnes = ['.mcp.json', '.vscode/tasks.json', '.git/hooks/pre-commit', '.git/config', '.git/config.worktree', '.git/commondir', '.claude/settings.json', '.husky/pre-commit', '.envrc', '.bashrc', '.idea/x', '.codex/config.toml', '.gemini/settings.json'] // prettier-ignore
    for (const path of protectedOnes) {
      const said = await inside(
        `mkdir -p $(dirname ${path}); echo x > ${path}; rm -rf ${path}; mv ${path.split('/')[0]} elsewhere; ln -sf /etc/passwd ${path}`,
      )
      expect(said, path).toMatch(/Read-only|busy|Permission denied/)
    }
    expect(machineTree.list(workspace).toSorted()).toEqual(['.git', '.mcp.json', '.vscode', 'README.md'])
    expect(execFileSync('cat', [join(workspace, '.mcp.json')], { encoding: 'utf8' })).toBe('{"a":1}')
    expect(readdirSync(join(workspace, '.git/hooks')).filter((name) => !name.endsWith('.sample'))).toEqual([])
  })

  test('F02 so it is in repositories below, however deep, and where a worktree or a submodule says its repository is', async () => {
    execFileSync('git', ['init', '-q', join(workspace, 'a/b/c')])
    put('home/dana/project/linked/.git', 'gitdir: /elsewhere\n')
    for (const path of ['a/b/c/.git/hooks/post-checkout', 'a/b/c/.git/config', 'linked/.git']) {
      const said = await inside(`echo x > ${path}; rm -rf ${path}; mv ${path.split('/')[0]} elsewhere`)
      expect(said, path).toMatch(/Read-only|busy|Permission denied/)
    }
    expect(await inside('cat linked/.git')).toBe('gitdir: /elsewhere\n')
  })

  test('git works, and takes nothing of the boundary into a commit', async () => {
    execFileSync('git', ['init', '-q', workspace])
    const script =
      'git add -A && git -c user.name=d -c user.email=d@e.f commit -qm all && git show --stat --format= && git status --short'
    expect(await inside(script)).toMatch(/^ README.md \| 1 \+\n 1 file changed.*\n$/)
    expect(machineTree.kind(join(workspace, '.git/commondir'))).toBeNull()
  })

  test('F03 a link to the outside leads to what the sandbox sees there', async () => {
    symlinkSync(join(home, '.ssh'), join(workspace, 'keys'))
    symlinkSync('/etc', join(workspace, '.vscode'))
    expect(await inside('cat keys/id_rsa; echo x > .vscode/hosts')).toMatch(/No such file[^]*Read-only/)
    expect(planMounts(asked()).notes).toContain(
      `${workspace}/.vscode is reached through a symbolic link and is not protected`,
    )
  })

  test('what the policy hides, protects and opens', async () => {
    put('home/dana/project/.env', 'TOKEN=1')
    put('home/dana/project/sub/.env.local', 'TOKEN=2')
    put('home/dana/project/ci/deploy.yml', 'x')
    put('home/dana/.cache/pip/a', 'cached')
    put('home/dana/.local/state/reeve/record', 'mine')
    const policy =
      '{ hide: [".env*", "~/.cache/pip/secret"], protect: [ci/deploy.yml, made.yml], read: ["~/.cache/**", "~/.local/**"], write: ["~/other"] }'
    const from = asked(policy)
    expect(await inside('cat .env sub/.env.local', from)).not.toContain('TOKEN')
    expect(await inside('echo y > ci/deploy.yml; mv ci di; echo y > made.yml', from)).toMatch(
      /Read-only[^]*busy[^]*Read-only/,
    )
    expect(await inside(`cat ${home}/.cache/pip/a; echo x > ${home}/.cache/pip/a`, from)).toMatch(/cached[^]*Read-only/)
    expect(await inside(`echo more > ${home}/other/notes; cat ${home}/other/notes`, from)).toBe('more\n')
    // F13 Reeve's own state is not opened by anything.
    expect(await inside(`cat ${home}/.local/state/reeve/record`, from)).toContain('Permission denied')
  })

  test('a local socket is none in the sandbox, whether it is seen there or lies in a folder that is hidden', async () => {
    put('home/dana/.cache/pip/a', 'cached')
    put('home/dana/.cache/pip/hidden/b', 'hidden')
    const [seen, hidden] = ['a.socket', 'hidden/b.socket'].map((name) => join(home, '.cache/pip', name))
    const servers = [seen, hidden].map((path) => createServer().listen(path))
    await Promise.all(servers.map((server) => once(server, 'listening')))
    const from = asked('{ hide: ["~/.cache/pip/hidden"], read: ["~/.cache/**"] }')
    const script = `cat ${home}/.cache/pip/a; for one in ${seen} ${hidden}; do test -S $one && echo $one; done; echo ran`
    expect(await inside(script, from)).toBe('cachedran\n')
    for (const server of servers) server.close()
  })

  test('an agent has its state, and cannot leave a hook for the next time', async () => {
    put('home/dana/.claude/history', 'h')
    put('home/dana/.claude.json', '{}')
    const script = `cd ${home}; echo more >> .claude/history && cat .claude/history; echo x > .claude/settings.json; mv .claude .c`
    expect(await inside(script, asked('{}', { program: 'claude' }))).toMatch(/^hmore\n[^]*Read-only[^]*busy/)
    expect(machineTree.list(join(home, '.claude'))).toEqual(['history'])
    expect(await inside(`cat ${home}/.claude/history`)).toContain('No such file')
  })

  test('toolchains that PATH names below the home work, and no credentials lie beside them', async () => {
    put('home/dana/.nvm/v26/bin/tool', '#!/bin/sh\ncat $(dirname $0)/../lib/data', 0o755)
    put('home/dana/.nvm/v26/lib/data', 'library')
    put('home/dana/.local/share/claude/1.0/claude', '#!/bin/sh\necho agent', 0o755)
    mkdirSync(join(home, '.local/bin'), { recursive: true })
    symlinkSync(join(home, '.local/share/claude/1.0/claude'), join(home, '.local/bin/claude'))
    put('home/dana/.cargo/credentials.toml', 'token')
    put('home/dana/.cargo/bin/cargo', '#!/bin/sh\necho cargo', 0o755)
    const path = ['.nvm/v26/bin', '.local/bin', '.cargo/bin'].map((name) => join(home, name))
    const script = `${path[0]}/tool; ${path[1]}/claude; ${path[2]}/cargo; cat ${home}/.cargo/credentials.toml; echo x > ${path[0]}/tool`
    expect(await inside(script, asked('{}', { path }))).toMatch(/^libraryagent\ncargo\n[^]*No such file[^]*Read-only/)
  })
})

test('a workspace that holds the home, the system or the records is refused', () => {
  for (const path of [home, dirname(home), '/', '/etc', '/usr/lib', '/tmp', join(root, 'none')]) {
    expect(() => planMounts(asked('{}', { workspace: path })), path).toThrow(/workspace/)
  }
  // Whoever may write around the records could move them away and make others.
  mkdirSync(join(home, '.local'), { recursive: true })
  expect(() => planMounts(asked('{ write: ["~/.local/**"] }'))).toThrow('what the boundary trusts')
  mkdirSync(join(workspace, 'state'), { recursive: true })
  expect(() => planMounts(asked('{}', { own: [join(workspace, 'state')] }))).toThrow('lie in each other')
})

test('what a killed session left is taken away by the next, and kept while another one needs it', async () => {
  const living = new Set<string>()
  const lock = (session: string) => (living.has(session) ? Promise.resolve(null) : dead())
  const hold = (session: string) => {
    living.add(session)
    return holdPlaceholders({ plan: planMounts(asked()), session, stateDirectory: join(root, 'state'), lock })
  }
  const first = await hold('a')
  const second = await hold('b')
  expect(existsSync(join(workspace, '.envrc'))).toBe(true)
  await first[Symbol.asyncDispose]()
  living.delete('a')
  expect(existsSync(join(workspace, '.envrc'))).toBe(true)
  // b is killed: nobody disposes of what it held.
  living.delete('b')
  void second
  const third = await hold('c')
  writeFileSync(join(workspace, '.envrc'), 'now a person’s own')
  await third[Symbol.asyncDispose]()
  expect(machineTree.list(workspace).toSorted()).toEqual(['.envrc', 'README.md'])
})
