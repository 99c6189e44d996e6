import type { FilePolicy } from './document.ts'
import type { Place, Reading } from './reading.ts'

const keys = ['workspace', 'read', 'write', 'hide', 'protect', 'no_delete', 'bulk_delete'] as const

export function readFiles(reading: Reading, place: Place): FilePolicy | null {
  const fields = place.node === null ? null : reading.fields(place, keys)
  if (fields === null) return null
  return {
    workspace: reading.oneOf(fields.workspace, ['direct', 'snapshot', 'overlay'], 'snapshot') ?? 'snapshot',
    read: readPaths(reading, fields.read, 'outside'),
    write: readPaths(reading, fields.write, 'outside'),
    hide: readPaths(reading, fields.hide, 'either'),
    protect: readPaths(reading, fields.protect, 'inside'),
    no_delete: readPaths(reading, fields.no_delete, 'inside'),
    bulk_delete: readBulkDelete(reading, fields.bulk_delete),
  }
}

/** `outside`: from `/` or `~/`. `inside`: relative to the workspace, at any depth where there is no slash. */
function readPaths(reading: Reading, place: Place, where: 'outside' | 'inside' | 'either'): readonly string[] {
  return reading.texts(place).map(({ place: at, text }) => {
    const rooted = /^(\/|~(\/|$))/.test(text)
    if (text === '' || text.includes('\0')) reading.error(at, 'an empty path is none')
    if (where === 'outside' && !rooted) reading.error(at, `"${text}" does not begin with / or ~/`)
    if (where === 'inside' && rooted)
      reading.error(at, `"${text}" is not inside the workspace`, 'write it relative to it')
    if (text.split('/').includes('..')) reading.error(at, `"${text}" climbs`, 'write the path that it comes to')
    return text
  })
}

function readBulkDelete(reading: Reading, place: Place): FilePolicy['bulk_delete'] {
  if (place.node === null) return null
  const fields = reading.fields(place, ['count', 'seconds', 'effect'])
  if (fields === null) return null
  return {
    count: reading.whole(fields.count, 1, 1_000_000) ?? 1,
    seconds: reading.whole(fields.seconds, 1, 3600) ?? 1,
    effect: reading.oneOf(fields.effect, ['ask', 'deny'], 'ask') ?? 'deny',
  }
}
