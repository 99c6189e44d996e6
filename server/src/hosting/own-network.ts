import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { Socket } from 'node:net'
import { Fault } from '@reeve/base'
import { type Account, asAccount, usualPath } from './jail.ts'
import type { OpenedJail } from './open-jail.ts'
import { knownProcess, type KnownProcess } from './process-record.ts'

const slirp = '/usr/bin/slirp4netns'
const device = '/dev/net/tun'
/** The device again, in a folder that nobody but the program that is started sees. */
const ownDevice = `mount -t tmpfs -o mode=755 none /dev/net && mknod -m 666 ${device} c 10 200 && exec "$@"`
const readyWithinMs = 30_000

/** The programs that make a network, beside those that make a jail. */
export const networkPrograms = [slirp, '/sbin/ip']

/**
 * Connects the network of a jail with the one of this machine: slirp4netns is its gateway, and makes the connections of the
 * jail itself, as a program of the account. To the loopback of this machine it makes none. It ends when nobody in the jail
 * holds the other end of the descriptor any more that it is given.
 */
export async function connectNetwork(
  account: Account | null,
  jail: Pick<OpenedJail, 'outerPid' | 'lifeline'>,
): Promise<KnownProcess> {
  const { outerPid: pid, lifeline } = jail
  const held = `--configure --mtu=65520 --disable-host-loopback --enable-sandbox --enable-seccomp --exit-fd=3 --ready-fd=4`
  const [program, ...args] = withDevice(account, [
    // It goes on when nobody reads its complaints any more.
    '/usr/bin/env',
    '--ignore-signal=PIPE',
    slirp,
    ...held.split(' '),
    `--userns-path=/proc/${pid}/ns/user`,
    String(pid),
    'tap0',
  ])
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: usualPath },
    stdio: ['ignore', 'ignore', 'pipe', lifeline, 'pipe'],
    detached: true,
  })
  lifeline.destroy()
  let said = ''
  const complaints = child.stderr
  complaints?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)))
  const timer = setTimeout(() => child.kill('SIGKILL'), readyWithinMs)
  try {
    const isReady = await new Promise<boolean>((resolve, reject) => {
      child.stdio[4]?.on('data', () => resolve(true))
      child.once('close', () => resolve(false))
      child.once('error', reject)
    })
    const network = child.pid === undefined ? null : knownProcess(child.pid)
    if (isReady && network !== null) return network
    throw new Fault('unavailable', `the network of the workspace cannot be made: ${said.trim() || 'it ended at once'}`)
  } catch (thrown) {
    child.kill('SIGKILL')
    throw thrown
  } finally {
    clearTimeout(timer)
    child.stdio[4]?.destroy()
    if (complaints instanceof Socket) complaints.unref()
    child.unref()
  }
}

/** Without udev the device is root's alone: then the account gets it by us, and only for this program. */
function withDevice(account: Account | null, command: readonly string[]): [string, ...string[]] {
  const argv = asAccount(account, command)
  const mode = statSync(device, { throwIfNoEntry: false })?.mode
  if (account === null || mode === undefined || (mode & 0o006) === 0o006) return argv
  return ['/usr/bin/unshare', '--mount', '--propagation', 'private', '--', '/bin/sh', '-c', ownDevice, 'sh', ...argv]
}
