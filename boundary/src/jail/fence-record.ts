/**
 * The record that the native helper reads: what Landlock grants, and what the filter holds up (`boundary/native/fence.h`
 * has the same numbers). Rights are the kernel's; those that it is too old for are left out by the helper.
 */
export interface FenceRule {
  readonly path: string
  readonly rights: number
}

export interface Fence {
  readonly rules: readonly FenceRule[]
  /** What waits for an answer. `refused` and `write` only wait to be told of: system calls that are refused, and writes to where nothing can be written. */
  readonly hold: readonly ('exec' | 'delete' | 'connect' | 'refused' | 'write')[]
  /** UDP sockets may be made: only where a network namespace holds them. */
  readonly datagrams: boolean
  /** The rules are put into force; else Landlock grants everything that the mounts do. */
  readonly files: boolean
  /** The sandbox itself cannot connect by TCP; sockets that are put in place of its own can. */
  readonly noTcp: boolean
  /** No signals and no abstract sockets beyond the sandbox. */
  readonly scope: boolean
}

const bit = { exec: 1, delete: 2, connect: 4, datagrams: 8, files: 16, noTcp: 32, scope: 64, refused: 128, write: 256 } as const // prettier-ignore
const magic = 0x31464e52
export const fenceRulesMax = 4096

const right = {
  execute: 1,
  writeFile: 2,
  readFile: 4,
  readDirectory: 8,
  removeDirectory: 16,
  removeFile: 32,
  makeDirectory: 128,
  makeFile: 256,
  makeSocket: 512,
  makePipe: 1024,
  makeLink: 4096,
  refer: 8192,
  truncate: 16384,
  device: 32768,
} as const

const read = right.readFile | right.readDirectory
const create = right.writeFile | right.truncate | right.makeDirectory | right.makeFile | right.makeSocket | right.makePipe | right.makeLink // prettier-ignore

export const rights = {
  list: right.readDirectory,
  read,
  run: read | right.execute,
  device: read | right.writeFile | right.device,
  /** Made and changed, never deleted or moved. */
  keep: read | right.execute | create,
  write: read | right.execute | create | right.removeDirectory | right.removeFile | right.refer,
} as const

export function fenceRecord(fence: Fence): Buffer {
  if (fence.rules.length > fenceRulesMax) throw new RangeError(`more than ${fenceRulesMax} paths in the fence`)
  const head = Buffer.alloc(12)
  head.writeUInt32LE(magic, 0)
  head.writeUInt32LE(flagsOf(fence), 4)
  head.writeUInt32LE(fence.rules.length, 8)
  return Buffer.concat([head, ...fence.rules.map(ruleBytes)])
}

function flagsOf({ hold, datagrams, files, noTcp, scope }: Fence): number {
  const also = { datagrams, files, noTcp, scope }
  const names = [...hold, ...(['datagrams', 'files', 'noTcp', 'scope'] as const).filter((name) => also[name])]
  return names.reduce((flags, name) => flags | bit[name], 0)
}

function ruleBytes({ path, rights: granted }: FenceRule): Buffer {
  const name = Buffer.from(`${path}\0`)
  const head = Buffer.alloc(12)
  head.writeBigUInt64LE(BigInt(granted), 0)
  head.writeUInt32LE(name.length, 8)
  return Buffer.concat([head, name])
}
