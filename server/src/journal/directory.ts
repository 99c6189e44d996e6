import { join } from 'node:path'
import { type Clock, Fault, isUuid, type Uuid, uuidv7 } from '@reeve/base'
import { errorCode, type JournalFs, readFully, writeAll } from './journal-fs.ts'

const replicaIdName = 'replica-id'

/**
 * The directory must be ours alone: what lies in it are people's prompts, and whoever can write to it can forget them.
 * A symbolic link is refused because the check would then be about one directory and the lock about another.
 */
export async function prepareDirectory(fs: JournalFs, directory: string): Promise<void> {
  await fs.makeDirectory(directory).catch((error: unknown) => {
    // EEXIST: something other than a directory; the inspection below says what.
    if (errorCode(error) !== 'EEXIST') throw cannotUse(directory, error)
  })
  const facts = await fs.inspect(directory)
  if (facts.type === 'symlink') {
    throw refused(directory, 'is a symbolic link', 'Name the directory itself.')
  }
  if (facts.type !== 'directory') throw refused(directory, 'is not a directory', 'Name another place.')
  if (fs.userId !== null && facts.ownerId !== fs.userId) {
    throw refused(
      directory,
      `belongs to user ${facts.ownerId}, not to user ${fs.userId} who runs this`,
      'Change its owner.',
    )
  }
  if ((facts.mode & 0o027) !== 0) {
    const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
    throw refused(directory, `is open to other users (mode ${mode})`, `Run chmod 0700 on it.`)
  }
}

/** The id of this replica: kept beside the segments it wrote, so that it lives exactly as long as they do. */
export async function readReplicaId(fs: JournalFs, directory: string): Promise<Uuid | null> {
  const file = await fs.open(join(directory, replicaIdName), 'read').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null
    throw cannotUse(directory, error)
  })
  if (file === null) return null
  try {
    const text = (await readFully(file, Buffer.alloc(64), 0)).toString('latin1').trim()
    return isUuid(text) ? text : null
  } finally {
    await file.close()
  }
}

/** Written beside and renamed: a crash leaves the old id or the new one, never half of one. */
export async function writeReplicaId(fs: JournalFs, directory: string, id: Uuid): Promise<void> {
  const target = join(directory, replicaIdName)
  const beside = `${target}.new`
  await unlinkIfThere(fs, beside)
  const file = await fs.create(beside)
  try {
    await writeAll(file, [Buffer.from(`${id}\n`, 'latin1')], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await fs.rename(beside, target)
  await fs.syncDirectory(directory)
}

export function newReplicaId(clock: Clock): Uuid {
  return uuidv7(clock.now())
}

export async function unlinkIfThere(fs: JournalFs, path: string): Promise<void> {
  await fs.unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
  })
}

export function cannotUse(directory: string, cause: unknown): Fault {
  const code = errorCode(cause) ?? 'unknown error'
  return new Fault('unavailable', `The journal in ${directory} cannot be used: ${code}.`, { cause })
}

function refused(directory: string, why: string, fix: string): Fault {
  return new Fault('forbidden', `The journal directory ${directory} ${why}.`, { fix })
}
