/**
 * What the kernel refuses by itself and nobody decides, with what must stand in the record of it. `$CALLS` makes system
 * calls (`boundary/native/testing/calls.c`).
 */
export interface FloorCase {
  readonly id: string
  readonly holds: string
  readonly script: string
  readonly prints: string
  /** Of the events of kinds `call` and `file`, in their order: the act, and why. */
  readonly told: readonly (readonly [act: string | RegExp, reason: string])[]
  readonly tiers?: readonly (1 | 2)[]
}

const call = (name: string, words: string, reason = 'system-call', prints = '-1') => ({ id: name, holds: `${name} is told`, script: `$CALLS ${words}`, prints, told: [[name, reason]] as const }) // prettier-ignore
const quiet = (script: string) => `(${script}) 2>/dev/null`
const wrote = (path: string) => `sh -c 'echo x >>${path} && echo wrote'`

export const floorCases: readonly FloorCase[] = [
  call('socket(inet, raw, icmp)', '41,2,3,1', 'protocol', '-13'),
  call('socket(inet, dgram, icmp)', '41,2,2,1', 'protocol', '-13'),
  call('socket(packet, raw, protocol 768)', '41,17,3,768', 'protocol', '-13'),
  call('socket(vsock, stream, protocol 0)', '41,40,1,0', 'protocol', '-13'),
  call('socket(inet, stream, mptcp)', '41,2,1,262', 'protocol', '-13'),
  call('socket(alg, seqpacket, protocol 0)', '41,38,5,0', 'protocol', '-13'),
  call('sendto(MSG_FASTOPEN)', '44,9,@,1,0x20000000,@,16', 'system-call', '-13'),
  call('ptrace', '101,16,1,0,0'),
  call('process_vm_readv', '310,1,@,1,@,1,0'),
  call('pidfd_getfd', '438,1,1,0'),
  call('io_uring_enter', '426,3,1,0,0,0,0'),
  call('bpf', '321,0,@,64'),
  call('perf_event_open', '298,@,0,-1,-1,0'),
  call('keyctl', '250,0,-3,0'),
  call('mount', '165,@,@,@,0,0'),
  call('umount2', '166,@,0'),
  call('chroot', '161,@'),
  call('setns', '308,3,0'),
  call('open_by_handle_at', '304,-100,@,0'),
  call('init_module', '175,@,1,@'),
  call('unshare(user, net)', '272,0x50000000'),
  call('clone(user)', '56,0x10000011'),
  call('ioctl(TIOCSTI)', '16,0,0x5412,@'),
  call('personality(0x40000)', '135,0x40000'),
  call('prlimit64(process 1, limit 0)', '302,1,0,0,@'),
  { id: 'K11', holds: 'a call of a 32-bit program ends it and is told', script: quiet('$CALLS i386; echo $?; $CALLS x32; echo $?'), prints: '159\n159', told: [['i386', 'system-call'], ['x32', 'system-call']] }, // prettier-ignore
  { id: 'X03', holds: 'UDP sockets where nothing holds them are told once for a program', script: '$CALLS 41,2,2,0 41,2,2,0', prints: '-13\n-13', told: [['socket(inet, dgram, any protocol)', 'protocol']], tiers: [2] }, // prettier-ignore
  { id: 'IPC', holds: 'shared memory of the machine is told', script: '$CALLS 29,0,4096,0x3b6', prints: '-1', told: [['shmget', 'system-call']], tiers: [2] }, // prettier-ignore
  {
    id: 'calls',
    holds: 'what programs need of the same calls is not told',
    script: '$CALLS 135,0xffffffff 135,0 302,0,7,0,@ 272,0x400; $CALLS 41,2,1,0 41,1,1,0 41,16,3,0 >own && echo made',
    prints: '0\n0\n0\n0\nmade',
    told: [],
  },
  { id: 'F02', holds: 'a file that would be made outside is told', script: quiet(wrote('/usr/x')), prints: '', told: [['create /usr/x', 'not-writable']] }, // prettier-ignore
  { id: 'F02', holds: 'a file that would be changed outside is told', script: quiet(wrote('/etc/passwd')), prints: '', told: [['write /etc/passwd', 'not-writable']] }, // prettier-ignore
  { id: 'F02', holds: 'folders, links and names outside are told', script: quiet('mkdir /usr/x; ln -s a /usr/y; mkfifo /usr/z; cd /usr; mkdir x; cd; true'), prints: '', told: [['create /usr/x', 'not-writable'], ['create /usr/y', 'not-writable'], ['create /usr/z', 'not-writable'], ['create /usr/x', 'not-writable']] }, // prettier-ignore
  { id: 'F02', holds: 'modes and owners outside are told', script: quiet('chmod 777 /usr/bin/env; chown 1 /usr/bin/env; truncate -s 0 /usr/bin/env; true'), prints: '', told: [['change /usr/bin/env', 'not-writable'], ['change /usr/bin/env', 'not-writable'], ['write /usr/bin/env', 'not-writable']], tiers: [1] }, // prettier-ignore
  { id: 'F03', holds: 'writing through a link is told by what it leads to', script: quiet(`ln -s /etc/passwd l; ln -s /usr/new m; ${wrote('l')}; ${wrote('m')}; true`), prints: '', told: [['write /etc/passwd', 'not-writable'], ['create /usr/new', 'not-writable']] }, // prettier-ignore
  { id: 'F06', holds: 'deletions and moves outside are told', script: quiet('rm -f /usr/bin/env; rmdir /usr/share; mv /usr/bin /usr/x; true'), prints: '', told: [['delete /usr/bin/env', 'not-writable'], ['delete /usr/share', 'not-writable'], ['move /usr/bin', 'not-writable']] }, // prettier-ignore
  { id: 'files', holds: 'what is written where it may be is not told', script: `mkdir -p a/b /usr/bin; echo x >a/b/c; echo y >>a/b/c; mv a/b/c a/d; ln -s a/d e; cat e; rm -r a e; echo z >"$TMPDIR/reeve-own" 2>/dev/null; rm -f "$TMPDIR/reeve-own"; echo w >/dev/null; cat /usr/none 2>/dev/null; rm -f none; cat </etc/passwd >own`, prints: 'x\ny', told: [] }, // prettier-ignore
]
