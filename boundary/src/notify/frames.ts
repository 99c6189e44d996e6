/**
 * What the native helper and the supervisor say to each other, in bytes (`boundary/native/notify.c` is the other side).
 * The helper is trusted; the texts in its frames are not, they come out of processes of the sandbox.
 */
export type Notification =
  | { readonly call: 'exec'; readonly id: bigint; readonly thread: number; readonly directory: number; readonly flags: number; readonly shortened: boolean; readonly path: string; readonly argv: readonly string[] } // prettier-ignore
  /** `shut`: where it is to happen looks as if nothing could be written there. */
  | { readonly call: 'unlink' | 'rmdir'; readonly id: bigint; readonly thread: number; readonly directory: number; readonly shut: boolean; readonly path: string } // prettier-ignore
  | { readonly call: 'rename'; readonly id: bigint; readonly thread: number; readonly directory: number; readonly shut: boolean; readonly path: string; readonly second: number; readonly target: string } // prettier-ignore
  /** A file that is opened to be written, made, or changed in what is known of it, where that looks shut. */
  | { readonly call: 'write'; readonly act: 'open' | 'make' | 'change'; readonly id: bigint; readonly thread: number; readonly directory: number; readonly flags: number; readonly path: string } // prettier-ignore
  /** A system call that the filter never lets pass. It waits only to be told of. */
  | { readonly call: 'refused'; readonly id: bigint; readonly thread: number; readonly name: string; readonly arguments: readonly bigint[] } // prettier-ignore
  | {
      readonly call: 'connect'
      readonly id: bigint
      readonly thread: number
      readonly fd: number
      readonly address: Buffer
    }
  /** The socket that was asked for is connected and in its place (0), or is not, with the errno. */
  | { readonly call: 'connected'; readonly id: bigint; readonly thread: number; readonly error: number }
  /** So many more writes looked shut, the last of them of this thread, than there was time to tell of. */
  | { readonly call: 'untold'; readonly thread: number; readonly count: number }
  /** The first process of the command. */
  | { readonly call: 'started'; readonly thread: number }

/** What the stopped call comes to. */
export type Reply =
  | { readonly action: 'continue' }
  | { readonly action: 'refuse'; readonly error: number }
  /** A new socket, from `source` (an IPv4 address as a number, 0: any) to a `sockaddr`, in the place of the process's own. */
  | { readonly action: 'connect'; readonly thread: number; readonly fd: number; readonly source: number; readonly address: Buffer } // prettier-ignore

export const currentDirectory = -100
export const emptyPathFlag = 0x1000
export const errno = { EPERM: 1, ENOENT: 2, EACCES: 13, ENAMETOOLONG: 36, EAFNOSUPPORT: 97, ECONNREFUSED: 111 } as const

const headBytes = 36
const shortenedFlag = 0x80000000
const shutFlag = 0x40000000
const calls = ['', 'exec', 'unlink', 'rmdir', 'rename', 'connect', 'connected', 'started', 'refused', 'open', 'make', 'change', 'untold'] as const // prettier-ignore
const frameBytesMax = 256 * 1024

/** Whole frames out of a stream. Throws on what the helper never sends: then the jail is not to be trusted any more. */
export function frameReader(): (chunk: Buffer) => readonly Notification[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const found: Notification[] = []
    while (data.length >= 4) {
      const size = data.readUInt32LE(0)
      if (size < headBytes - 4 || size > frameBytesMax) throw new RangeError(`a frame of ${size} bytes`)
      if (data.length < size + 4) break
      found.push(notification(data.subarray(0, size + 4)))
      data = data.subarray(size + 4)
    }
    // A copy: what is left must not keep the whole chunk, nor be written over.
    rest = Buffer.from(data)
    return found
  }
}

function notification(frame: Buffer): Notification {
  const id = frame.readBigUInt64LE(4)
  const thread = frame.readUInt32LE(12)
  const call = calls[frame.readUInt32LE(16)]
  const directory = frame.readInt32LE(20)
  const second = frame.readInt32LE(24)
  const flags = frame.readUInt32LE(28)
  const [first = Buffer.alloc(0), ...others] = texts(frame, frame.readUInt32LE(32))
  const shut = (flags & shutFlag) !== 0
  switch (call) {
    case 'exec': {
      const shortened = (flags & shortenedFlag) !== 0
      const argv = others.map((word) => word.toString('utf8'))
      return { call, id, thread, directory, flags: flags & 0x7fffffff, shortened, path: first.toString('utf8'), argv }
    }
    case 'unlink':
    case 'rmdir':
      return { call, id, thread, directory, shut, path: first.toString('utf8') }
    case 'open':
    case 'make':
    case 'change':
      return {
        call: 'write',
        act: call,
        id,
        thread,
        directory,
        flags: flags & 0x3fffffff,
        path: first.toString('utf8'),
      }
    case 'refused':
      return { call, id, thread, name: first.toString('latin1'), arguments: wordsIn(others[0] ?? Buffer.alloc(0)) }
    case 'rename':
      return { call, id, thread, directory, shut, path: first.toString('utf8'), second, target: (others[0] ?? first).toString('utf8') } // prettier-ignore
    case 'connect':
      return { call, id, thread, fd: directory, address: Buffer.from(first) }
    case 'connected':
      return { call, id, thread, error: directory }
    case 'untold':
      return { call, thread, count: flags }
    case 'started':
      return { call, thread }
    default:
      throw new RangeError('a frame of an unknown call')
  }
}

const wordsIn = (bytes: Buffer): readonly bigint[] =>
  Array.from({ length: Math.floor(bytes.length / 8) }, (_, at) => bytes.readBigUInt64LE(at * 8))

function texts(frame: Buffer, count: number): readonly Buffer[] {
  const found: Buffer[] = []
  for (let at = headBytes; found.length < count;) {
    const length = frame.readUInt32LE(at)
    if (at + 4 + length > frame.length) throw new RangeError('a text that goes beyond its frame')
    found.push(frame.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return found
}

const replyBytes = 160
const actions = { continue: 0, refuse: 1, connect: 2 } as const

export function replyFrame(id: bigint, reply: Reply): Buffer {
  const frame = Buffer.alloc(replyBytes)
  frame.writeBigUInt64LE(id, 0)
  frame.writeUInt32LE(actions[reply.action], 8)
  if (reply.action === 'refuse') frame.writeInt32LE(reply.error, 12)
  if (reply.action === 'connect') {
    if (reply.address.length > 128) throw new RangeError('a socket address of more than 128 bytes')
    frame.writeUInt32LE(reply.thread, 16)
    frame.writeInt32LE(reply.fd, 20)
    frame.writeUInt32LE(reply.source, 24)
    frame.writeUInt32LE(reply.address.length, 28)
    reply.address.copy(frame, 32)
  }
  return frame
}
