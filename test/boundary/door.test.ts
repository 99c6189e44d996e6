import { spawnSync } from 'node:child_process'
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
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandFolder, makeCommandFolder } from '../../agent/src/command-folder.ts'
import { missing, users } from './needs.ts'
import { gitCredential, openWorld, p0, type User, type World } from './world.ts'

const root = resolve(import.meta.dirname, '../..')
const door = 'http://workspace.reeve.internal'
const report = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'reeve_report_task', arguments: { summary: 'Reading it', state: 'working', link: '' } },
})

/** What processes behind a boundary ask of the workspace's agent, and what they try to get of it besides, in both tiers. */
describe.each([1, 2] as const)('the door in tier %i', (tier) => {
  const lacking = missing(tier)
  describe.skipIf(lacking.length > 0)(
    `opens${lacking.length === 0 ? '' : ` (skipped: ${lacking.join(', ')} missing)`}`,
    () => {
      let world: World
      let place = ''
      let commands: CommandFolder
      let agent: Server
      const heard: string[] = []
      beforeAll(async () => {
        world = await openWorld()
        place = mkdtempSync(join(tmpdir(), 'reeve-agent-'))
        chmodSync(place, 0o755)
        expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
        const program = join(place, 'reeve-agent.cjs')
        copyFileSync(join(root, 'agent/dist/bin/reeve-agent.js'), program)
        commands = makeCommandFolder([process.execPath, program], place)
        chmodSync(join(place, 'reeve-workspace'), 0o755)
        agent = createServer((req, res) => {
          let body = ''
          req.setEncoding('utf8').on('data', (piece) => (body += piece))
          req.on('end', () => {
            heard.push(`${req.method} ${req.url} ${body}`)
            if (req.method === 'POST') return void res.writeHead(204).end()
            res.end(JSON.stringify({ access_token: gitCredential.password, ...gitCredential, provider_id: 'github' }))
          })
        })
        await new Promise<void>((done) => agent.listen(commands.socket, done))
        chmodSync(commands.socket, 0o777)
      })
      afterAll(async () => {
        agent.closeAllConnections()
        await new Promise((done) => agent.close(done))
        commands[Symbol.dispose]()
        rmSync(place, { recursive: true, force: true })
        await world[Symbol.asyncDispose]()
      })

      const inside = (script: string, as: User, more: Partial<Parameters<World['inside']>[1]> = {}) => {
        heard.splice(0)
        const env = {
          ...commands.environment,
          REEVE_AGENT_COMMANDS: commands.shown.join(':'),
          PATH: `${commands.bin}:${process.env['PATH']}`,
          GIT_TERMINAL_PROMPT: '0',
          SOCKET: commands.socket,
        }
        return world.inside(script, { as, tier, env, ...more })
      }

      test.each(users)(
        'git clones what is private, and an agent says how its task goes by its tool; as %s',
        async (as) => {
          const script = `unset GIT_SSH_COMMAND; git clone -q https://git.test/private.git mine && cat mine/README
          echo '${report}' | reeve exp mcp server
          coder external-auth access-token evil.test; echo "and $?"; reeve exp sync list; reeve nothing-of-this; echo "then $?"`
          const { stdout, stderr, events } = await inside(script, as)
          expect(stdout.split('\n'), stderr).toEqual([
            'hello',
            expect.stringContaining('Thank you: it is told.'),
            'and 1',
            'then 127',
            '',
          ])
          expect(stderr).toContain('Denied by network policy: evil.test')
          expect(stderr).toContain('behind a boundary the agent of the workspace is not asked for this')
          expect([...new Set(heard)]).toEqual([
            'GET /external-auth?match=https%3A%2F%2Fgit.test ',
            'POST /app-status {"state":"working","message":"Reading it","uri":""}',
          ])
          const told = events.flatMap(({ net, facts, decision, process }) =>
            typeof facts?.['credential'] === 'string'
              ? [[decision, net?.url, facts['credential'], process?.tree[0]]]
              : [],
          )
          expect(told).toContainEqual(['allow', `${door}/git-credentials/git.test`, 'handed-out', expect.any(String)])
          expect(told).toContainEqual(['deny', 'https://evil.test/', 'denied', expect.any(String)])
          expect(JSON.stringify(events)).not.toContain(gitCredential.password)
        },
      )

      test.each(users)(
        'the agent itself is not reached, by whatever name, and its commands stay as they are; as %s',
        async (as) => {
          const before = ({ workspace }: { readonly workspace: string }) => {
            symlinkSync(commands.socket, join(workspace, 'planted.sock'))
            mkdirSync(join(workspace, 'deep'))
            symlinkSync(join(place, 'reeve-workspace'), join(workspace, 'deep/folder'))
          }
          const script = `for s in "$SOCKET" planted.sock deep/folder/agent.sock ${commands.bin}/../agent.sock; do
            curl -sS -m 5 --unix-socket "$s" http://agent/boundary >>got 2>/dev/null; done
          env | grep -E '^REEVE_AGENT_SOCKET=|TOKEN=' >>got
          for f in ${commands.bin}/reeve ${commands.bin}/more ${commands.environment['GIT_ASKPASS'] ?? ''}; do
            (echo 'echo stolen' >"$f"; rm -f "$f"; mv "$f" away; ln -sf /bin/true "$f") 2>/dev/null; done
          for p in boundary ssh-key external-auth?id=github units log-snapshot ../boundary %2e%2e/boundary; do
            curl -s -o body --path-as-is -w '%{http_code} ' "${door}/$p"; done; cat got`
          const program = readFileSync(join(commands.bin, 'reeve'), 'utf8')
          const { stdout } = await inside(script, as, { before })
          expect(stdout).toMatch(/^(40[03] ){7}$/)
          expect(heard).toEqual([])
          expect(readFileSync(join(commands.bin, 'reeve'), 'utf8')).toBe(program)
          expect(existsSync(join(commands.bin, 'more'))).toBe(false)
        },
      )

      test('a policy that says so hands out nothing, and who is denied reads why', async () => {
        const rule =
          '    - { id: no-tokens, effect: deny, host: workspace.reeve.internal, http: { paths: ["/git-credentials/**"] } }\n'
        const { stdout, events } = await inside(
          `coder external-auth access-token git.test 2>&1; echo '${report}' | reeve exp mcp server`,
          'root',
          { policy: p0 + rule },
        )
        expect(stdout).toContain('Denied by network policy: workspace.reeve.internal')
        expect(stdout).toContain('Thank you: it is told.')
        expect(heard).toHaveLength(1)
        expect(events.filter(({ decision, rule: id }) => decision === 'deny' && id === 'no-tokens')).toHaveLength(1)
      })

      test('nobody else comes in by the port of a sandbox: not from outside, and not from another sandbox', async () => {
        // A network of its own has no port that others could reach.
        if (tier === 1) return void expect((await inside('echo "$HTTP_PROXY"', 'root')).stdout).toBe('\n')
        const ended = Promise.withResolvers<void>()
        let workspace = ''
        const before = (folders: { readonly workspace: string }) => void (workspace = folders.workspace)
        const script = 'echo "$HTTP_PROXY" >proxy.part; mv proxy.part proxy; until [ -e done ]; do sleep 0.1; done'
        const first = inside(script, 'root', { before, onStart: () => ended.resolve() })
        await ended.promise
        await expect.poll(() => existsSync(join(workspace, 'proxy'))).toBe(true)
        const { port } = new URL(readFileSync(join(workspace, 'proxy'), 'utf8').trim())
        const question = `GET ${door}/git-credentials/git.test HTTP/1.1\r\nHost: workspace.reeve.internal\r\n\r\n`
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(question))
        let answer = ''
        socket.on('data', (piece) => (answer += String(piece))).on('error', () => {})
        await new Promise((done) => socket.once('close', done))
        const other = await inside(
          `curl -s -m 10 -o body -w '%{http_code}' -x http://127.0.0.1:${port} ${door}/git-credentials/git.test`,
          'root',
          { env: { PATH: process.env['PATH'] ?? '' } },
        )
        expect([answer, heard]).toEqual(['', []])
        expect(other.stdout).not.toBe('200')
        writeFileSync(join(workspace, 'done'), '')
        expect((await first).code).toBe(0)
      })
    },
  )
})
