import { pemCharsMax } from '@reeve/base'
import { applyMasks, type Find, type Masker } from './masker.ts'

/**
 * Masks the secrets in an answer that is still coming, in place. A secret may be cut anywhere: by the pieces in which
 * the bytes come, and in a stream by the events, because a model says it a few characters at a time. So the texts of a
 * stream's events are searched joined as well, and what could still become a secret is held back until it is known.
 *
 * Returns how many of the bytes are decided, from the beginning; those after them must come again, with what follows.
 */
export function maskAnswer(
  bytes: Buffer,
  { masker, events, final }: { readonly masker: Masker; readonly events: boolean; readonly final: boolean },
): { readonly decided: number; readonly finds: readonly Find[] } {
  const text = bytes.toString('latin1')
  const { finds, open } = decidedFinds(text, masker, final)
  applyMasks(bytes, finds)
  if (!events) return withinBounds(open, finds)
  const scattered: Find[] = []
  let undecided = open
  for (const joined of joinTexts(finds.length === 0 ? text : bytes.toString('latin1'))) {
    const found = decidedFinds(joined.text, masker, final || joined.ended)
    for (const { from, to, mask } of found.finds) {
      for (let i = from; i < to; i++) bytes[placeOf(joined, i)] = mask.charCodeAt(i - from)
    }
    scattered.push(...found.finds)
    if (found.open < joined.text.length) undecided = Math.min(undecided, placeOf(joined, found.open))
  }
  // Whole lines: an event that is cut would not be recognised.
  const decided = final ? text.length : text.lastIndexOf('\n', undecided - 1) + 1
  return withinBounds(decided, [...finds, ...scattered])

  /** What is too much to hold back is taken as it stands. */
  function withinBounds(decided: number, found: readonly Find[]): ReturnType<typeof maskAnswer> {
    if (text.length - decided <= heldBytesMax) return { decided, finds: found }
    const rest = maskAnswer(bytes, { masker, events, final: true })
    return { decided: rest.decided, finds: [...found, ...rest.finds] }
  }
}

/** The secrets that nothing which follows can change, and from where on the text is undecided. */
function decidedFinds(text: string, masker: Masker, final: boolean): { finds: readonly Find[]; open: number } {
  const all = masker.find(text)
  if (final) return { finds: all, open: text.length }
  const from = openFrom(text)
  const open = all.find((find) => find.from < from && find.to > from)?.from ?? from
  return { finds: all.filter((find) => find.to <= open), open }
}

/** More than this is never held back: a text that long is no key of any known form. */
const heldBytesMax = 256 * 1024
/** The longest secret without a gap. */
const runCharsMax = 16 * 1024

const gaps = new Set([0x20, 0x22, 0x0a, 0x0d, 0x09])
const pemEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/

/** Where the last run without a gap begins, or a private key that has not ended: it may go on in what comes. */
function openFrom(text: string): number {
  const least = Math.max(0, text.length - runCharsMax)
  let at = text.length
  while (at > least && !gaps.has(text.charCodeAt(at - 1))) at--
  const begin = text.lastIndexOf('-----BEGIN')
  if (begin < at && begin !== -1 && text.length - begin < pemCharsMax) {
    const key = text.slice(begin)
    if (!key.includes('"') && !pemEnd.test(key)) return begin
  }
  return at
}

/**
 * The members in which the formats stream what a model says, thinks and gives to tools. Data: a new format is a new name.
 * A format that streams into another member would leak what is said a few characters at a time.
 */
const saidIn = [
  'text',
  'thinking',
  'partial_json',
  // Chat Completions, and the servers that imitate it
  'content',
  'refusal',
  'arguments',
  'input',
  'transcript',
  'reasoning',
  'reasoning_content',
  'summary',
  // Responses
  'delta',
]
const textOfEvent = new RegExp(`"(${saidIn.join('|')})": ?"((?:[^"\\\\]|\\\\.)*)"`, 'g')

/** A text that did not go on within so many bytes has ended; it is not held back for what may never come. */
const pauseBytesMax = 2048

/** The texts of the events in members of one name, as one, and from where on it stands where. */
interface Joined {
  readonly text: string
  /** Of each event's text: its first character in `text`, and the place of that in the bytes; in order. */
  readonly starts: readonly (readonly [at: number, place: number])[]
  readonly ended: boolean
}

/** Apart by the names: some servers say the same in two members of each event, or think and speak in turns. */
function joinTexts(text: string): readonly Joined[] {
  const byName = new Map<string, { text: string; starts: [number, number][]; end: number }>()
  for (const match of text.matchAll(textOfEvent)) {
    const [whole, name = '', said = ''] = match
    if (said === '') continue
    const joined = byName.get(name) ?? { text: '', starts: [], end: 0 }
    joined.end = match.index + whole.length
    joined.starts.push([joined.text.length, joined.end - 1 - said.length])
    joined.text += said
    byName.set(name, joined)
  }
  return [...byName.values()].map(({ text: said, starts, end }) => ({
    text: said,
    starts,
    ended: text.length - end > pauseBytesMax,
  }))
}

function placeOf({ starts }: Joined, at: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (starts[middle]![0] <= at) low = middle
    else high = middle - 1
  }
  const [from, place] = starts[low]!
  return place + at - from
}
