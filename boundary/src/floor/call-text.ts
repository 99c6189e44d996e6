/**
 * A system call in the words of its manual page, with those of its arguments that say what it was for. Numbers are the
 * kernel's and the same on every architecture.
 */
export function callText(name: string, arguments_: readonly bigint[]): string {
  const [first = 0, second = 0, third = 0] = arguments_.map((value) => Number(value & 0xffffffffn))
  switch (name) {
    case 'socket':
    case 'socketpair':
      return `${name}(${families[first] ?? `family ${first}`}, ${types[second & 0xf] ?? `type ${second & 0xf}`}, ${protocolOf(first, third)})`
    case 'clone':
      // Its lowest byte is a signal.
      return `clone(${bitsIn(first & ~0xff, namespaces)})`
    case 'unshare':
      return `unshare(${bitsIn(first, namespaces)})`
    case 'ioctl':
      return `ioctl(${second === 0x5412 ? 'TIOCSTI' : 'TIOCLINUX'})`
    case 'sendto':
    case 'sendmsg':
    case 'sendmmsg':
      return `${name}(MSG_FASTOPEN)`
    case 'personality':
      return `personality(0x${first.toString(16)})`
    case 'prlimit64':
      return `prlimit64(process ${first}, limit ${second})`
    default:
      return name
  }
}

const families: Readonly<Record<number, string>> = {
  1: 'unix',
  2: 'inet',
  10: 'inet6',
  16: 'netlink',
  17: 'packet',
  21: 'rds',
  29: 'can',
  30: 'tipc',
  31: 'bluetooth',
  38: 'alg',
  40: 'vsock',
  43: 'smc',
  44: 'xdp',
}
const types: Readonly<Record<number, string>> = { 1: 'stream', 2: 'dgram', 3: 'raw', 5: 'seqpacket', 6: 'dccp' }
const protocols: Readonly<Record<number, string>> = {
  0: 'any protocol',
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  58: 'icmpv6',
  132: 'sctp',
  262: 'mptcp',
}
const namespaces: Readonly<Record<number, string>> = {
  0x80: 'time',
  0x20000: 'mnt',
  0x2000000: 'cgroup',
  0x4000000: 'uts',
  0x8000000: 'ipc',
  0x10000000: 'user',
  0x20000000: 'pid',
  0x40000000: 'net',
}

const isInternet = (family: number): boolean => family === 2 || family === 10

const protocolOf = (family: number, protocol: number): string =>
  (isInternet(family) ? protocols[protocol] : undefined) ?? `protocol ${protocol}`

function bitsIn(flags: number, names: Readonly<Record<number, string>>): string {
  const found = Object.entries(names).filter(([bit]) => (flags & Number(bit)) !== 0)
  return found.map(([, name]) => name).join(', ')
}
