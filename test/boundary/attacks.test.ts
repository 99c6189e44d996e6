import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { missing, users } from './needs.ts'
import { openWorld, type World } from './world.ts'

const python = (lines: string) => `python3 - <<'END'\n${lines}\nEND\n`
const status = (url: string) => `curl -sS -m 20 -o body -w '%{http_code} ' ${url}`

/** What a sandbox tries against what holds it, each in both tiers. */
describe.each([1, 2] as const)('attacks in tier %i', (tier) => {
  const lacking = missing(tier)
  describe.skipIf(lacking.length > 0)(
    `held${lacking.length === 0 ? '' : ` (skipped: ${lacking.join(', ')} missing)`}`,
    () => {
      let world: World
      // For root, not in a place that every sandbox finds empty.
      let outside = ''
      const servers: Server[] = []
      const listen = (path: string) =>
        new Promise<void>((done) => {
          const server = createServer((socket) => socket.on('error', () => socket.destroy()).end('reached'))
          servers.push(server.listen(path, () => done()))
        })
      beforeAll(async () => {
        outside = mkdtempSync(`${process.getuid?.() === 0 ? '/var/lib' : '/var/tmp'}/reeve-outside-`)
        chmodSync(outside, 0o755)
        await listen(join(outside, 'docker.sock'))
        chmodSync(join(outside, 'docker.sock'), 0o777)
        await listen(`\0${outside}/X0`)
        world = await openWorld()
      })
      afterAll(async () => {
        for (const server of servers) server.close()
        rmSync(outside, { recursive: true, force: true })
        await world[Symbol.asyncDispose]()
      })

      describe.each(users)('as %s', (as) => {
        test('F01 F13 homes, other projects, settings, keys and the record are neither read nor changed', async () => {
          const kept = ['.ssh/id_rsa', '.aws/credentials', '.config/reeve/boundary.yaml', '.config/reeve/credentials', '.config/coder_boundary/ca-key.pem', 'other/notes'] // prettier-ignore
          const before = ({ home }: { readonly home: string }) => {
            for (const path of kept) {
              mkdirSync(join(home, path, '..'), { recursive: true })
              writeFileSync(join(home, path), 'secret\n', { mode: 0o666 })
            }
          }
          const record = '.local/state/reeve/boundary'
          const script = `H=$(dirname "$PWD"); for f in ${kept.join(' ')}; do cat $H/$f; echo x >>$H/$f; rm -f $H/$f; done
            cat /etc/shadow /etc/gshadow /root/.bashrc | head -c 9; cat $H/${record}/*/*; for f in $H/${record}/*/*; do echo x >>$f; done; rm -rf $H/${record}; true`
          const { stdout, events, home } = await world.inside(`(${script}) 2>/dev/null; echo ran`, { as, tier, before })
          expect(stdout).toBe('ran\n')
          expect(kept.map((path) => readFileSync(join(home, path), 'utf8'))).toEqual(kept.map(() => 'secret\n'))
          expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at))
          expect(events.at(-1)?.kind).toBe('end')
        })

        test('K08 X16 sockets of the machine are shut: in sight, in the workspace, without a file; and nothing names one', async () => {
          const names = ['SSH_AUTH_SOCK', 'DOCKER_HOST', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'WAYLAND_DISPLAY', 'DISPLAY', 'GPG_AGENT_INFO', 'TMUX', 'VSCODE_IPC_HOOK_CLI'] // prettier-ignore
          const opening: Promise<void>[] = []
          let own = ''
          const script = python(`
import os, socket
for path in ["${outside}/docker.sock", "\\0${outside}/X0", os.getcwd() + "/agent.sock"]:
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path); print(s.recv(9))
    except OSError: print("refused")
print([n for n in "${names.join(' ')}".split() if n in os.environ])`)
          const { stdout } = await world.inside(script, {
            as,
            tier,
            env: Object.fromEntries(names.map((name) => [name, `${outside}/docker.sock`])),
            before: ({ workspace }) => {
              own = join(workspace, 'agent.sock')
              opening.push(listen(own))
            },
          })
          await Promise.all(opening)
          expect(existsSync(own)).toBe(true)
          expect(stdout).toBe('refused\nrefused\nrefused\n[]\n')
        })

        test('what a repository brings along is no setting of the boundary, and no program of its is run outside', async () => {
          const met = join(outside, `met-${as}`)
          const open = 'network: { default: allow }\nallowlist: ["*"]\nmin_tier: 3\n'
          const before = ({ workspace }: { readonly workspace: string }) => {
            for (const path of [
              'boundary.yaml',
              'config.yaml',
              '.reeve/boundary.yaml',
              '.config/reeve/boundary.yaml',
              '.config/coder_boundary/config.yaml',
              'policy',
            ]) {
              // prettier-ignore
              mkdirSync(join(workspace, path, '..'), { recursive: true })
              writeFileSync(join(workspace, path), open)
            }
            mkdirSync(join(workspace, 'bin'))
            for (const name of ['bwrap', 'nft', 'gcc', 'git']) {
              const program = `#!/bin/sh\n[ -w ${outside} ] && echo ${name} >>${met}\nexec /usr/bin/${name} "$@"\n`
              writeFileSync(join(workspace, 'bin', name), program, { mode: 0o755 })
            }
            chmodSync(outside, 0o777)
          }
          const env = { PATH: `bin:./bin:${process.env['PATH']}`, XDG_CONFIG_HOME: '.config' }
          const { stdout } = await world.inside(status('https://evil.test/'), { as, tier, before, env })
          chmodSync(outside, 0o755)
          expect(stdout).toBe('403 ')
          expect(existsSync(met) ? readFileSync(met, 'utf8') : '').toBe('')
        })

        test('D02 ten thousand names in a row leave a few lines that count them, and the next request is answered', async () => {
          const script = `${python(`
import socket, struct
s = socket.create_connection(("8.8.8.8", 53)); f = s.makefile("rwb"); answered = 0
def question(name, i):
    labels = b"".join(bytes([len(l)]) + l for l in name.encode().split(b"."))
    return struct.pack(">HHHHHH", i, 256, 1, 0, 0, 0) + labels + b"\\0\\0\\1\\0\\1"
for i in range(10000):
    b = question("n%d.%s" % (i, "pkg.test" if i % 2 else "evil%d.test" % i), i)
    f.write(struct.pack(">H", len(b)) + b)
    if i % 100 == 99:
        f.flush()
        for _ in range(100): f.read(struct.unpack(">H", f.read(2))[0]); answered += 1
print("answered", answered)`)}${status('https://api.test/v1/x')}`
          const { stdout, events } = await world.inside(script, { as, tier })
          expect(stdout).toBe('answered 10000\n200 ')
          expect(events.length).toBeLessThan(400)
          const denied = events.filter(({ kind, decision }) => kind === 'dns' && decision === 'deny')
          // Half of them no rule is about; of the other half a wildcard lets so many be looked up.
          expect(denied.reduce((sum, { dns }) => sum + (dns?.count ?? 0), 0)).toBe(10_000 - 512)
        })
      })

      test('a disk that is full holds nothing up, and what of the record is lost is said at the end', async (context) => {
        const small = mkdtempSync(join(outside, 'small-'))
        const made =
          process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', small]).status === 0
        if (!made) context.skip('needs root, and a file system to be mounted')
        try {
          const script = `for i in $(seq 60); do curl -s -o body https://evil$i.test/$(head -c 1500 /dev/zero | tr '\\0' x); done; ${status('https://api.test/v1/x')}`
          const { stdout, stderr, code } = await world.inside(script, { tier, env: { XDG_STATE_HOME: small } })
          expect([stdout, code]).toEqual(['200 ', 0])
          expect(stderr).toMatch(/ [1-9]\d* lines of the record are lost/)
        } finally {
          spawnSync('umount', [small])
        }
      })

      test('D07 names are not asked of the neighbourhood', async () => {
        const heard: string[] = []
        await using ear = await listenForNames((text) => heard.push(text))
        const script = python(`
import socket as s
for family, to in ((s.AF_INET, ("224.0.0.251", 5353)), (s.AF_INET, ("224.0.0.252", 5355)), (s.AF_INET, ("255.255.255.255", 137)), (s.AF_INET6, ("ff02::fb", 5353))):
    try:
        u = s.socket(family, s.SOCK_DGRAM); u.settimeout(0.2)
        if family == s.AF_INET: u.setsockopt(s.SOL_SOCKET, s.SO_BROADCAST, 1)
        u.sendto(b"inside", to); u.recv(99); print("answered")
    except OSError: print("nobody")`)
        const { stdout } = await world.inside(script, { tier })
        expect(stdout).toBe('nobody\n'.repeat(4))
        // What listens here does hear what is said on the machine itself.
        ear.send('outside')
        await expect.poll(() => heard).toEqual(['outside', 'outside'])
      })

      test('descriptors that run out hold the boundary up, let nothing through, and come back', async () => {
        const script = `for p in 1 2 3; do ${python(`
import socket, time
held = []
try:
    for i in range(150):
        s = socket.socket(); s.settimeout(3); s.connect(("93.184.216.34", 443)); held.append(s)
except OSError: pass
time.sleep(1)`)} done; ${status('https://evil.test/')}; ${status('https://api.test/v1/x')}`
        const { stdout, stderr } = await world.inside(script, {
          tier,
          onStart: ({ pid }) => void spawnSync('prlimit', ['--pid', String(pid), '--nofile=128:128']),
        })
        expect(stdout, stderr).toBe('403 200 ')
      })
    },
  )
})

/** Hears what is asked of every neighbour: mDNS and LLMNR. */
async function listenForNames(hear: (text: string) => void): Promise<AsyncDisposable & { send(text: string): void }> {
  const groups = [
    { group: '224.0.0.251', port: 5353 },
    { group: '224.0.0.252', port: 5355 },
  ] as const
  const ears = await Promise.all(
    groups.map(async ({ group, port }) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: true })
      socket.on('message', (bytes) => hear(bytes.toString()))
      await new Promise<void>((done) => socket.bind(port, group, done))
      socket.addMembership(group, '127.0.0.1')
      socket.setMulticastInterface('127.0.0.1')
      return { socket, send: (text: string) => socket.send(text, port, group) }
    }),
  )
  return {
    send: (text) => ears.forEach((ear) => ear.send(text)),
    async [Symbol.asyncDispose]() {
      await Promise.all(ears.map(({ socket }) => new Promise<void>((done) => socket.close(() => done()))))
    },
  }
}
