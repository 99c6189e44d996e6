import { fromBase64, type Sha256, toBase64 } from './chain.ts'

/**
 * Signed notes in the form of C2SP (signed-note): a text, an empty line, and one line for each signature, which begins
 * with a dash and names its key. Tools that witness transparency logs read the same form.
 */
export interface NoteKey {
  readonly name: string
  /** Eight hexadecimal digits. */
  readonly id: string
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

export type Sign = (message: Uint8Array) => Uint8Array
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const ed25519 = 1

export function noteKey(name: string, publicKey: Uint8Array, sha256: Sha256): NoteKey {
  const hash = sha256(Uint8Array.from([...new TextEncoder().encode(name), 10, ed25519, ...publicKey]))
  return { name, id: Array.from(hash.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(''), publicKey }
}

/** `name+id+base64`: how a key is handed to whoever verifies. */
export const formatKey = ({ name, id, publicKey }: NoteKey): string =>
  `${name}+${id}+${toBase64(Uint8Array.from([ed25519, ...publicKey]))}`

/** Null when it is not such a key, or its id is not that of the key. */
export function parseKey(text: string, sha256: Sha256): NoteKey | null {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? []
  const bytes = encoded === undefined ? null : fromBase64(encoded)
  if (name === undefined || bytes === null || bytes.length !== 33 || bytes[0] !== ed25519) return null
  const key = noteKey(name, bytes.subarray(1), sha256)
  return key.id === id ? key : null
}

/** The text ends with a line break and has no empty line in it. */
export function signNote(text: string, key: NoteKey, sign: Sign): string {
  const id = [0, 2, 4, 6].map((at) => Number.parseInt(key.id.slice(at, at + 2), 16))
  const signature = toBase64(Uint8Array.from([...id, ...sign(new TextEncoder().encode(text))]))
  return `${text}\n\u2014 ${key.name} ${signature}\n`
}

export type NoteReading =
  | { readonly kind: 'signed'; readonly text: string; readonly key: NoteKey }
  | { readonly kind: 'malformed' }
  /** By a key that was not given. */
  | { readonly kind: 'unknown_key'; readonly names: readonly string[] }
  | { readonly kind: 'forged'; readonly name: string }

/** Believes the note when one of the keys has signed it; a wrong signature of one of them is a forgery. */
export function readNote(note: string, keys: readonly NoteKey[], verify: VerifySignature): NoteReading {
  const split = note.lastIndexOf('\n\n')
  if (split === -1) return { kind: 'malformed' }
  const text = note.slice(0, split + 1)
  const lines = note.slice(split + 2).split('\n')
  if (lines.pop() !== '' || lines.length === 0) return { kind: 'malformed' }
  const message = new TextEncoder().encode(text)
  const unknown: string[] = []
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? []
    const bytes = encoded === undefined ? null : fromBase64(encoded)
    if (name === undefined || bytes === null || bytes.length !== 68) return { kind: 'malformed' }
    const id = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')
    const key = keys.find((known) => known.name === name && known.id === id)
    if (key === undefined) unknown.push(`${name}+${id}`)
    else if (verify(key.publicKey, message, bytes.subarray(4))) return { kind: 'signed', text, key }
    else return { kind: 'forged', name }
  }
  return { kind: 'unknown_key', names: unknown }
}
