import { expect, test } from 'vitest'
import { callText } from './call-text.ts'

test.each([
  ['socket', [2n, 0x80803n, 1n], 'socket(inet, raw, icmp)'],
  ['socket', [17n, 3n, 768n], 'socket(packet, raw, protocol 768)'],
  ['socket', [0x100000002n, 0x200000001n, 0x300000106n], 'socket(inet, stream, mptcp)'],
  ['socket', [99n, 7n, 0n], 'socket(family 99, type 7, protocol 0)'],
  ['unshare', [0x50000000n], 'unshare(user, net)'],
  ['clone', [0x10000091n], 'clone(user)'],
  ['ioctl', [0n, 0xff00000000005412n], 'ioctl(TIOCSTI)'],
  ['prlimit64', [1n, 7n], 'prlimit64(process 1, limit 7)'],
  ['sendto', [9n, 0n, 1n, 0x20000000n], 'sendto(MSG_FASTOPEN)'],
  ['ptrace', [16n, 1n], 'ptrace'],
] as const)('%s with %s reads %s', (name, words, text) => {
  expect(callText(name, words)).toBe(text)
})
