import { spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { processesWith, supervise } from './testing.ts'

const missing = ['gcc', 'bwrap', 'nft', 'curl', 'setpriv'].filter(
  (name) => spawnSync('sh', ['-c', `command -v ${name} || command -v /usr/sbin/${name}`]).status !== 0,
)
const here = missing.length === 0 && spawnSync('unshare', ['-Ur', 'true']).status === 0
const shell = (script: string) => ['sh', '-c', script]
const output = async (script: string) => {
  await using supervisor = supervise(shell(script))
  const { stdout, stderr, code } = await supervisor.result
  return { stdout: stdout.toString(), stderr, code }
}

describe.skipIf(!here)(
  `a jail of namespaces${here ? '' : ` (skipped: missing ${missing.join(', ') || 'user namespaces'})`}`,
  () => {
    test('ends as the command did', async () => {
      await Promise.all(
        [0, 1, 7, 125, 255].map(async (code) => expect(await output(`exit ${code}`)).toMatchObject({ code })),
      )
      await using killed = supervise(shell('kill -SEGV $$'))
      expect(await killed.fact('signal')).toEqual({ code: null, signal: 'SIGSEGV' })
    })

    test('says that there is no such program, with the codes of env', async () => {
      await using missing_ = supervise(['no-such-program'])
      expect(await missing_.fact('code')).toEqual({ code: 127, signal: null })
      await using directory = supervise(['/etc'])
      expect(await directory.fact('code')).toEqual({ code: 126, signal: null })
    })

    test('passes every byte through', async () => {
      const input = randomBytes(1_000_000)
      await using supervisor = supervise(['cat'], { input })
      expect((await supervisor.result).stdout.equals(input)).toBe(true)
    })

    test('takes every connection on every port, and knows where it wanted to go and who made it', async () => {
      const { stdout } = await output(
        `env -i /usr/bin/curl -s http://93.184.216.34:4711/; echo; curl -s -g "http://[2606:2800:220::1]:81/"`,
      )
      const [v4, v6] = stdout.split('\n').map((line) => JSON.parse(line))
      expect(v4.destination).toEqual({ address: '93.184.216.34', port: 4711 })
      expect(v4.caller).toMatchObject({
        exe: expect.stringMatching(/\/curl$/),
        argv: ['/usr/bin/curl', '-s', 'http://93.184.216.34:4711/'],
        tree: [expect.stringMatching(/sh$/), 'curl'],
      })
      expect(v6.destination).toEqual({ address: '2606:2800:220::1', port: 81 })
      expect(v6.caller.exe).toMatch(/\/curl$/)
    })

    test('refuses UDP and ICMP at once, and has no other sockets', async () => {
      const script = `
      import socket as s
      def attempt(name, f):
          try: f(); print(name, 'passed')
          except OSError as e: print(name, 'refused')
      def udp(to, family=s.AF_INET):
          u = s.socket(family, s.SOCK_DGRAM); u.settimeout(1); u.connect(to); u.send(b'x'); u.recv(1)
      attempt('quic', lambda: udp(('93.184.216.34', 443)))
      attempt('dns', lambda: udp(('8.8.8.8', 53)))
      attempt('mdns', lambda: udp(('224.0.0.251', 5353)))
      attempt('udp6', lambda: udp(('2001:4860:4860::8888', 53), s.AF_INET6))
      attempt('icmp', lambda: s.socket(s.AF_INET, s.SOCK_DGRAM, s.IPPROTO_ICMP))
      attempt('raw', lambda: s.socket(s.AF_INET, s.SOCK_RAW, s.IPPROTO_ICMP))
      attempt('packet', lambda: s.socket(s.AF_PACKET, s.SOCK_RAW))
      attempt('vsock', lambda: s.socket(s.AF_VSOCK, s.SOCK_STREAM))
      attempt('sctp', lambda: s.socket(s.AF_INET, s.SOCK_STREAM, 132))
      attempt('mptcp', lambda: s.socket(s.AF_INET, s.SOCK_STREAM, 262))
      attempt('alg', lambda: s.socket(s.AF_ALG, s.SOCK_SEQPACKET))`
      const { stdout } = await output(`python3 - <<'END'\n${script.replace(/^ {6}/gm, '')}\nEND`)
      expect(stdout.trim().split('\n')).toHaveLength(11)
      expect(stdout).not.toContain('passed')
    })

    test('a server inside is reached from inside and not from here', async () => {
      const outside = createServer((socket) => socket.end('outside'))
      await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
      const address = outside.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const { stdout } = await output(
        `python3 -c 'import socket as s, os
l = s.create_server(("127.0.0.1", 3000)); c = s.create_connection(("127.0.0.1", 3000)); a = l.accept()[0]; a.send(b"inside"); print(c.recv(9))
try: print(s.create_connection(("127.0.0.1", ${port}), 2).recv(9))
except OSError as e: print("refused")'`,
      )
      await new Promise((resolve) => outside.close(resolve))
      expect(stdout).toBe("b'inside'\nrefused\n")
    })

    test('has no capability and gets none', async () => {
      const { stdout } = await output(`grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status
      for attempt in 'unshare -Ur true' 'unshare -n true' 'nsenter -t 1 -n true' 'mount -t tmpfs none /tmp' 'ip link set lo down' 'nft flush ruleset' 'su -c true' 'hostname other'; do
        if PATH=$PATH:/usr/sbin:/sbin $attempt </dev/null >/dev/null 2>&1; then case $attempt in su*) [ "$(id -u)" = 0 ] && continue;; esac; echo "passed: $attempt"; fi
      done`)
      expect(stdout.match(/^Cap\w+:\t0+$/gm)).toHaveLength(5)
      expect(stdout).toContain('NoNewPrivs:\t1')
      expect(stdout).toContain('Seccomp:\t2')
      expect(stdout).not.toContain('passed')
    })

    test('cannot see, signal or stop what is outside', async () => {
      await using supervisor = supervise(
        shell(
          `kill -KILL 1; kill -STOP 1; kill -KILL -1; kill -KILL ${process.pid} && echo killed; ls -d /proc/[0-9]* | wc -l; cat /proc/1/environ`,
        ),
      )
      const { stdout, code } = await supervisor.result
      expect(stdout.toString()).not.toContain('killed')
      expect(Number(stdout.toString().trim().split('\n')[0])).toBeLessThan(6)
      expect(code).not.toBeNull()
    })

    test.each(['the supervisor', 'the helper', 'bubblewrap'])('nothing is left when %s is killed', async (who) => {
      const word = `9${randomUUID().replaceAll(/\D/g, '').slice(0, 8)}`
      await using supervisor = supervise(shell(`sleep ${word} & sleep ${word} & setsid sleep ${word} & wait`))
      await supervisor.fact('ready')
      await expect.poll(() => processesWith(`sleep\0${word}`).length).toBe(3)
      const family = processesWith(supervisor.workspace)
      const helper = family.filter((pid) => pid !== supervisor.process.pid)
      const target = { 'the supervisor': supervisor.process.pid, 'the helper': helper[0], bubblewrap: helper[1] }[who]
      expect(target).toBeGreaterThan(1)
      process.kill(target ?? 0, 'SIGKILL')
      await expect.poll(() => processesWith(word)).toEqual([])
      await supervisor.result
      expect(processesWith(supervisor.workspace)).toEqual([])
    })

    test('fifty stand side by side', async () => {
      const all = Array.from({ length: 50 }, () =>
        supervise(shell(`curl -s http://192.0.2.9:99/ >&2; read line; echo "$line"`), { input: 'on\n' }),
      )
      const results = await Promise.all(all.map(({ result }) => result))
      expect(results.map(({ stdout, code }) => [stdout.toString(), code])).toEqual(all.map(() => ['on\n', 0]))
      expect(results.every(({ stderr }) => stderr.includes('192.0.2.9'))).toBe(true)
      await Promise.all(all.map((each) => each[Symbol.asyncDispose]()))
    })

    test('in a terminal it stops, goes on and is interrupted as a job of its shell', async () => {
      const child = join(import.meta.dirname, 'jail.test-child.ts')
      // No shell: one that is stopped while it starts a program waits for that, and does not count as stopped.
      const program = `process.on("SIGINT", () => { console.log("got-it"); process.exit(9) }); console.log("started"); setInterval(() => {}, 1e3)`
      const command = `${process.execPath} ${child} /tmp ${process.execPath} -e '${program}' 3>/dev/null`
      const terminal = spawn('script', ['-qfec', 'env PS1=ready\\> bash --norc -i', '/dev/null'], { stdio: 'pipe' })
      let screen = ''
      terminal.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()))
      const shows = async (text: RegExp) => {
        await expect.poll(() => screen).toMatch(text)
        screen = ''
      }
      await shows(/ready>/)
      terminal.stdin.write(`${command}\n`)
      await shows(/started\r\n/)
      terminal.stdin.write('\x1a')
      await shows(/Stopped[^]*ready>/)
      terminal.stdin.write('fg\n')
      await shows(/\n/)
      terminal.stdin.write('\x03')
      await shows(/got-it[^]*ready>/)
      terminal.stdin.write('echo code=$?\n')
      await shows(/code=9/)
      terminal.stdin.end('exit\n')
      await new Promise((resolve) => terminal.on('close', resolve))
    })
  },
)
