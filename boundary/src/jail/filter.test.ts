import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fence, fenceRecord, rights } from './fence-record.ts'
import { compiled, helperForTests, isRoot, openFence, ordinaryUser, place, underFence } from './filter-testing.ts'

/** Numbers of x86-64; the table of the filter itself goes by name. */
const helper = helperForTests()
const folder = place()
let calls = ''

const EPERM = -1
const ENOSYS = -38
const EACCES = -13

/** Every call with its result as the sandbox sees it: 0 and more, or the errno below zero. */
async function results(words: readonly string[], fence: Fence = openFence, uid?: number): Promise<readonly number[]> {
  const { out, code, signal, err } = await underFence(helper!, fence, [calls, ...words], uid)
  if (code !== 0) throw new Error(`${signal ?? code}: ${err}`)
  return out.trim().split('\n').map(Number)
}

describe.skipIf(helper === null || process.arch !== 'x64')('the system-call filter (needs cc, x86-64)', () => {
  beforeAll(() => {
    calls = compiled('calls', folder.path)
  })
  afterAll(() => folder[Symbol.dispose]())

  const refused: Readonly<Record<string, string>> = {
    ptrace: '101,0,1',
    process_vm_readv: '310,1,@,1,@,1,0',
    process_vm_writev: '311,1,@,1,@,1,0',
    pidfd_getfd: '438,1,1,0',
    kcmp: '312,1,1,0,0,0',
    io_uring_setup: '425,8,@',
    io_uring_enter: '426,3,1,0,0,0,0',
    io_uring_register: '427,3,0,@,1',
    bpf: '321,0,@,64',
    perf_event_open: '298,@,0,-1,-1,0',
    userfaultfd: '323,0',
    keyctl: '250,0,-3,0',
    add_key: '248,@,@,@,1,-3',
    request_key: '249,@,@,@,-3',
    kexec_load: '246,0,0,0,0',
    kexec_file_load: '320,-1,-1,0,0,0',
    init_module: '175,@,1,@',
    finit_module: '313,-1,@,0',
    delete_module: '176,@,0',
    open_by_handle_at: '304,-100,@,0',
    mount: '165,@,@,@,0,0',
    umount2: '166,@,0',
    pivot_root: '155,@,@',
    chroot: '161,@',
    open_tree: '428,-100,@,0',
    move_mount: '429,-100,@,-100,@,0',
    fsopen: '430,@,0',
    fsmount: '432,3,0,0',
    mount_setattr: '442,-100,@,0,@,32',
    setns: '308,3,0',
    reboot: '169,0,0,0,0',
    'personality (no address randomization)': '135,0x40000',
    'prlimit64 of another process': '302,1,0,0,@',
    'unshare (new user namespace)': '272,0x10000000',
    'unshare (new network)': '272,0x40000000',
    'unshare (new mounts, high bits set)': '272,0xffffffff00020000',
    'unshare (new time)': '272,0x80',
    'clone (new user namespace)': '56,0x10000011',
    'ioctl TIOCSTI': '16,0,0x5412,@',
    'ioctl TIOCSTI (high bits set)': '16,0,0xff00000000005412,@',
    'ioctl TIOCLINUX': '16,0,0x541c,@',
    'ioctl TIOCLINUX (high bits set)': '16,0,0x10000541c,@',
  }
  test('calls that reach beyond the sandbox are refused', async () => {
    const told = await results(Object.values(refused))
    expect(Object.keys(refused).filter((_, i) => told[i] !== EPERM)).toEqual([])
  })

  test('what programs need of the same calls goes on', async () => {
    const [asked, ordinary, own, unshared, size] = await results([
      '135,0xffffffff',
      '135,0',
      '302,0,7,0,@',
      '272,0x400',
      '16,0,0x5413,@',
    ])
    expect([asked, ordinary, own, unshared]).toEqual([0, 0, 0, 0])
    // The standard input of the test is no terminal, which the kernel is asked about and not the filter.
    expect(size).toBe(-25)
  })

  test('clone3 is not there, so that libraries use the call whose flags can be seen', async () => {
    expect(await results(['435,@,88'])).toEqual([ENOSYS])
  })

  const sockets: Readonly<Record<string, string>> = {
    UDP: '41,2,2,0',
    'UDP of IPv6': '41,10,2,17',
    MPTCP: '41,2,1,262',
    SCTP: '41,2,1,132',
    ICMP: '41,2,2,1',
    raw: '41,2,3,255',
    'raw of IPv6': '41,10,3,58',
    packet: '41,17,3,0x300',
    vsock: '41,40,1,0',
    AF_ALG: '41,38,5,0',
    Bluetooth: '41,31,1,0',
    TIPC: '41,30,1,0',
    RDS: '41,21,5,0',
    SMC: '41,43,1,0',
    DCCP: '41,2,6,33',
    'netlink of netfilter': '41,16,3,12',
    'MPTCP with high bits set': '41,0x100000002,0x200000001,0x300000106',
  }
  test('X04 X08: only TCP, AF_UNIX and route queries can be made', async () => {
    const told = await results(Object.values(sockets))
    expect(Object.keys(sockets).filter((_, i) => told[i] !== EACCES)).toEqual([])
    const made = await results(['41,2,1,0', '41,2,1,6', '41,10,0x80801,0', '41,1,1,0', '41,16,3,0', '53,1,1,0,@'])
    expect(made.filter((result) => result < 0)).toEqual([])
  })

  test('UDP can be made where a network namespace holds it', async () => {
    const fence = { ...openFence, datagrams: true }
    const [udp = -1, alsoUdp = -1, icmp] = await results(['41,2,2,0', '41,10,2,17', '41,2,2,1'], fence)
    expect(Math.min(udp, alsoUdp)).toBeGreaterThanOrEqual(0)
    expect(icmp).toBe(EACCES)
  })

  test('a connection cannot begin with the first bytes sent', async () => {
    const told = await results(['44,9,@,1,0x20000000,@,16', '46,9,@,0x20000000', '307,9,@,1,0x20000000', '44,9,@,1,0x4000,0,0']) // prettier-ignore
    expect(told).toEqual([EACCES, EACCES, EACCES, -9])
  })

  test.each(['i386', 'x32'])('K11: calls of %s end the process', async (architecture) => {
    const { signal, code } = await underFence(helper!, openFence, [calls, architecture])
    expect([signal, code]).toEqual(['SIGSYS', null])
  })

  test('K06 K07: nothing of a privilege is left, and set-user-ID programs give none', async () => {
    const { out } = await underFence(helper!, openFence, ['cat', '/proc/self/status'])
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(out)?.[1]
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(field(set)).toBe('0000000000000000')
    if (isRoot) expect(field('CapBnd')).toBe('0000000000000000')
    expect([field('NoNewPrivs'), field('Seccomp')]).toEqual(['1', '2'])
  })

  test.skipIf(!isRoot)('it holds for an ordinary user as it does for root (needs root)', async () => {
    const told = await results(Object.values(refused), openFence, ordinaryUser)
    expect(Object.keys(refused).filter((_, i) => told[i] !== EPERM)).toEqual([])
  })
})

describe.skipIf(helper === null)('the file fence (needs a C compiler)', () => {
  const inside = place()
  afterAll(() => inside[Symbol.dispose]())
  const system = ['/usr', '/bin', '/lib', '/lib64', '/etc/alternatives'].map((path) => ({ path, rights: rights.run }))
  const shell = (fence: Fence, script: string) => underFence(helper!, fence, ['sh', '-c', script])

  test('what no rule opens is shut', async () => {
    const fence = { ...openFence, files: true, rules: [...system, { path: inside.workspace, rights: rights.write }] }
    const { out, err } = await shell(
      fence,
      `cd ${inside.workspace}; echo a >mine; cat mine; cat /etc/passwd; echo b >${inside.own}/theirs; ls ${inside.own}`,
    )
    expect(out).toBe('a\n')
    expect(err.match(/Permission denied/g)).toHaveLength(3)
  })

  test('files can be made and not deleted where the policy says so', async () => {
    const fence = { ...openFence, files: true, rules: [...system, { path: inside.own, rights: rights.keep }] }
    const script = `cd ${inside.own}; echo a >new; echo b >>new; rm -rf new; mv new other; cat new`
    const { out, err } = await shell(fence, script)
    expect(out).toBe('a\nb\n')
    expect(err.match(/Permission denied/g)).toHaveLength(2)
  })

  test('K04: a process outside cannot be signalled', async () => {
    const fence = { ...openFence, scope: true }
    const { err, code } = await shell(fence, `kill -STOP ${process.pid}`)
    expect([code === 0, /not permitted/.test(err)]).toEqual([false, true])
  })

  test('a record that is cut off or says too much runs nothing', async () => {
    const whole = fenceRecord({ ...openFence, files: true, rules: system })
    for (const broken of [
      Buffer.alloc(0),
      whole.subarray(0, -3),
      Buffer.concat([whole, whole]),
      Buffer.alloc(64, 255),
    ]) {
      const { code, out, err } = await underFence(helper!, broken, ['echo', 'ran'])
      expect([code, out]).toEqual([125, ''])
      expect(err).toContain('malformed')
    }
  })
})
