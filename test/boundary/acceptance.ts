/**
 * The acceptance suite of boundaries, by its numbers. Groups: N names and rules, H TLS and HTTP, D names of hosts, X ways
 * past TCP, K processes and the kernel, F files and commands, S secrets, P the control plane. Each is held by cases that
 * run in the tiers it names (`cases.ts`, `network-cases.ts`, or a test of this folder whose title begins with the number), by
 * tests beside the code, or by both. What is no part of boundaries says why.
 */
export type Proof =
  | { readonly tiers: readonly (1 | 2)[] }
  | { readonly file: string; readonly title: string }
  | { readonly elsewhere: string }

const both: Proof = { tiers: [1, 2] }
const by = (file: string, title: string): Proof => ({ file, title })
const elsewhere = (why: string): Proof => ({ elsewhere: why })

const parse = 'policy/src/parse.test.ts'
const decide = 'policy/src/decide.test.ts'
const web = 'boundary/src/proxy/web.test.ts'
const connection = 'boundary/src/proxy/connection.test.ts'
const forward = 'boundary/src/proxy/forward.test.ts'
const smuggling = 'boundary/src/proxy/smuggling.test.ts'
const control = 'boundary/src/control/control.test.ts'
const filter = 'boundary/src/jail/filter.test.ts'
const namespaces = 'boundary/src/jail/namespaces-jail.test.ts'
const content = elsewhere('what a body or a frame carries is looked at where secrets are kept, which boundaries do not')
const placeholders = elsewhere(
  'placeholders for credentials are exchanged where secrets are kept, which boundaries do not',
)

const tunnels = by(connection, 'H04 H05 H06 a tunnel is decided before it opens, and again inside')
const pinned = by(connection, 'H10 H11 a pinned host is passed through by its name, untouched')

export const acceptance: Readonly<Record<string, readonly Proof[]>> = {
  N01: [both, by(web, 'N01 an allowed request')],
  N02: [both],
  N03: [both],
  N04: [both],
  N05: [both],
  N06: [both],
  N07: [both],
  N08: [both, by(smuggling, "'small letters'")],
  N09: [both, by(web, 'N09 the path that is decided is the path that is sent')],
  N12: [by(decide, 'N12 a * inside a segment holds inside it')],
  N13: [
    by(parse, 'N13 what is not whole is refused, with the place and the remedy'),
    by(control, 'a policy that cannot be read leaves the one before in force, and is recorded'),
  ],
  N14: [by(decide, 'N14 a name in punycode and the same name in letters are one')],
  N15: [by(parse, 'has a * in an address'), by(decide, 'a * is any name and no address')],
  N16: [both, by(decide, 'N16 what a person writes')],
  N18: [by(web, 'N18 a target with a host of its own is decided by that host')],
  N19: [by(smuggling, 'N19 two hosts'), by(smuggling, 'N19 a list of hosts')],
  N20: [both],

  H01: [by(web, 'H01 a Host that is not the server name is misdirected')],
  H03: [by(web, 'H03 every request of a kept connection is decided anew')],
  H04: [tunnels],
  H05: [tunnels],
  H06: [tunnels],
  H08: [by(connection, 'H08 without a server name an address is allowed by a rule about addresses only')],
  H09: [by(connection, 'H09 behind an encrypted hello nothing is passed through unread')],
  H10: [pinned],
  H11: [pinned],
  H12: [by(web, 'H12 a server whose certificate is not good is not asked')],
  H13: [by(connection, 'H13 a WebSocket is decided by its request, then its frames are carried')],
  H14: [content],
  H15: [by(web, 'H15 each event of a stream arrives while the server still holds the answer open')],
  H16: [by(forward, 'H16 calls over HTTP/2 keep their trailers, both ways at once')],
  H19: [by(web, 'H19 nothing beyond the limit reaches the server, announced or not')],
  H20: [content],
  H22: [both],
  H23: [by(connection, 'H23 HTTP/2 without TLS is refused, and the wish for it is not heard')],
  H24: [by(web, 'H24 a body that waits to be asked for is not sent where it is denied')],
  H25: [both],

  D01: [both],
  D02: [both, by('boundary/src/audit/recorder.test.ts', 'D02: a thousand names of a tunnel')],
  D03: [both],
  D04: [both],
  D05: [both],
  D07: [both],
  D10: [by(connection, 'X10 D10 addresses of clouds')],

  X01: [both],
  X02: [both, by('boundary/src/jail/filter-jail.test.ts', 'X02: tier 3 hears programs that know of the proxy')],
  X03: [{ tiers: [2] }, by(namespaces, 'refuses UDP and ICMP at once, and has no other sockets')],
  X04: [both],
  X07: [both],
  X08: [both],
  X09: [both],
  X10: [both],
  X13: [both],
  X14: [both, by(namespaces, 'a server inside is reached from inside and not from here')],
  X15: [both, by('boundary/src/jail/filter-jail.test.ts', 'X15: a service of the machine is not reached')],
  X16: [both],

  K01: [both],
  K02: [both],
  K03: [both],
  K04: [both, by(filter, 'K04: a process outside cannot be signalled')],
  K06: [
    by(filter, 'K06 K07: nothing of a privilege is left, and set-user-ID programs give none'),
    by(namespaces, 'has no capability and gets none'),
  ],
  K07: [both],
  K08: [both],
  K10: [both],
  K11: [both],
  K12: [both],
  K14: [both],
  K15: [both],
  K16: [both],

  F01: [both],
  F02: [both],
  F03: [both],
  F06: [both],
  F08: [both],
  F10: [both],
  F11: [both],
  F12: [both],
  F13: [both],

  S01: [placeholders],
  S02: [placeholders],
  S04: [content],
  S05: [both, by('boundary/src/audit/redact.test.ts', 'S05: of a URL neither the user')],

  P01: [
    by(connection, 'P01 a tunnel of a rule that is withdrawn is closed at once'),
    by(forward, 'P01 a rule that is withdrawn ends what it let run, and the next request is denied'),
  ],
  P02: [by(control, 'P02: without a control plane a fresh signed policy decides, and without one nothing runs')],
  P03: [by(control, 'P03: a policy that is older, changed or signed by somebody else is refused')],
  P04: [by('boundary/src/control/delivery.test.ts', 'P04: a control plane that is down for ten minutes')],
  P07: [by(forward, 'P07 the session is signed into what goes to the gateway')],
  P08: [both],
  P09: [both, by(namespaces, 'fifty stand side by side')],
}
