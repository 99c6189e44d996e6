import { Fault } from '@reeve/base'
import { chainReader } from './chain-reader.ts'
import { genesis, type Sha256, toBase64 } from './chain.ts'
import { type Checkpoint, exportText, type JournalHead, parseCheckpoint, parseRemoval } from './checkpoint.ts'
import { type ExportLine, type ManifestLine, nextLinesHash } from './export-lines.ts'
import type { Finding, FindingKind } from './finding.ts'
import { judgeCheckpoints, type KnownCheckpoint } from './judge-checkpoints.ts'
import { type NoteKey, parseKey, readNote, type VerifySignature } from './signed-note.ts'

export interface Verification {
  readonly events: number
  readonly from_seq: number | null
  readonly to_seq: number | null
  readonly checkpoints: number
  /** Later events are not under a checkpoint yet. */
  readonly covered_seq: number
  /** Whether the keys were given by whoever verifies, or taken from the export itself. */
  readonly keys: 'given' | 'of_the_export'
  readonly findings: readonly Finding[]
}

export interface VerifyOptions {
  readonly lines: AsyncIterable<string>
  /** Notes from checkpoints.log, or from wherever else they were sent. */
  readonly witnessed: readonly string[]
  /** Keys that are trusted. Without any, those of the export are believed, and the result says so. */
  readonly keys: readonly string[]
  readonly sha256: Sha256
  readonly verify: VerifySignature
}

/**
 * Verifies an export without the server. What is wrong with the events is told by the chain; what is wrong with the
 * chain, by checkpoints; and what is wrong with both, by checkpoints that were kept elsewhere.
 */
export async function verifyExport(options: VerifyOptions): Promise<Verification> {
  const { sha256, verify } = options
  const findings: Finding[] = []
  const find = (kind: FindingKind, detail: string, from: number | null = null, to = from): void =>
    void findings.push({ kind, from_seq: from, to_seq: to, detail })

  const keys: NoteKey[] = options.keys.map((text) => {
    const key = parseKey(text, sha256)
    if (key === null)
      throw new Fault('invalid', 'the key is not a public key of an audit log', {
        fix: 'it looks like name+0123abcd+base64; reeve audit key prints it',
      })
    return key
  })
  const areGiven = keys.length > 0
  const unknown = new Set<string>()
  const open = (note: string, what: string): string | null => {
    const reading = readNote(note, keys, verify)
    if (reading.kind === 'signed') return reading.text
    if (reading.kind === 'unknown_key') for (const name of reading.names) unknown.add(name)
    else
      find(
        'forged',
        reading.kind === 'forged'
          ? `${what} has a signature of ${reading.name} that is not genuine`
          : `${what} is no signed note`,
      )
    return null
  }

  const known = new Map<string, KnownCheckpoint>()
  const addCheckpoint = (note: string, from: 'database' | 'elsewhere') => {
    const seen = known.get(note)
    if (seen !== undefined) return void (seen.inDatabase ||= from === 'database')
    const text = open(note, 'a checkpoint')
    const checkpoint: Checkpoint | null = text === null ? null : parseCheckpoint(text)
    if (checkpoint !== null) known.set(note, { ...checkpoint, inDatabase: from === 'database' })
    else if (text !== null) find('forged', 'a signed note among the checkpoints is none')
  }

  let header: Extract<ExportLine, { kind: 'header' }> | null = null
  let manifest: ManifestLine | null = null
  const journals: JournalHead[] = []
  const removals: string[] = []
  let linesHash = genesis
  let lines = 0
  let chain: ReturnType<typeof chainReader> | null = null
  const begin = (complete: boolean) => {
    for (const note of options.witnessed) addCheckpoint(note, 'elsewhere')
    const removed = removals.flatMap((note) => {
      const text = open(note, 'the record of a removal')
      return text === null ? [] : (parseRemoval(text) ?? [])
    })
    return chainReader({ removed, complete, wanted: new Set([...known.values()].map(({ seq }) => seq)), sha256, find })
  }

  for await (const line of options.lines) {
    if (line === '') continue
    if (manifest !== null) {
      find('file_damaged', 'there are lines after the manifest')
      break
    }
    const entry = readLine(line)
    if (entry === null || (header === null && entry.kind !== 'header')) {
      if (header === null)
        throw new Fault('invalid', 'this is not an export of the audit log', {
          fix: 'make one with reeve audit export -o <file>',
        })
      find('file_damaged', `line ${lines + 1} cannot be read`)
    } else if (entry.kind === 'header') header ??= entry
    else if (entry.kind === 'key') {
      const key = parseKey(entry.key, sha256)
      if (key !== null && !areGiven) keys.push(key)
    } else if (entry.kind === 'checkpoint')
      addCheckpoint(entry.note, entry.from === 'database' ? 'database' : 'elsewhere')
    else if (entry.kind === 'removal') removals.push(entry.note)
    else if (entry.kind === 'journal') journals.push(entry)
    else if (entry.kind === 'unchained') find('unchained', `the event ${entry.id} has no place in the chain`)
    else if (entry.kind === 'manifest') manifest = entry
    else (chain ??= begin(header?.complete === true)).add(entry)
    if (entry?.kind === 'manifest') continue
    linesHash = nextLinesHash(linesHash, line, sha256)
    lines++
  }
  if (header === null)
    throw new Fault('invalid', 'the file is empty', { fix: 'make an export with reeve audit export -o <file>' })
  chain ??= begin(header.complete)
  checkManifest()
  const read = chain.end()
  const judged = header.complete
    ? judgeCheckpoints({
        checkpoints: [...known.values()],
        chain: read,
        head: header.head,
        origin: header.origin,
        journals,
        find,
      })
    : { coveredSeq: 0 }
  for (const name of unknown) find('unknown_key', `there are signatures of a key that is not trusted: ${name}`)
  return {
    events: read.events,
    from_seq: read.firstSeq,
    to_seq: read.lastSeq,
    checkpoints: known.size,
    covered_seq: judged.coveredSeq,
    keys: areGiven ? 'given' : 'of_the_export',
    findings,
  }

  function checkManifest(): void {
    if (manifest === null) return find('file_damaged', 'the file has no manifest: its end is missing')
    const text = open(manifest.note, 'the manifest')
    const time = text === null ? '' : (/^time (\S+)$/m.exec(text)?.[1] ?? '')
    const said = exportText(header?.origin ?? '', lines, toBase64(linesHash), time)
    if (text !== null && text !== said) find('file_damaged', 'the file was changed after the export was signed')
    else if (manifest.lines !== lines)
      find('file_damaged', `the manifest tells of ${manifest.lines} lines, there are ${lines}`)
  }
}

function readLine(line: string): ExportLine | null {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || !('kind' in value)) return null
    // SAFETY: what is used of a line is compared with hashes and signatures; a field of a wrong type fails there.
    return value as ExportLine
  } catch {
    return null
  }
}
