import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import { writePrivate } from '../audit/session-directory.ts'
import { makePrivateDirectory } from '../audit/state-directory.ts'
import {
  type Bundle,
  field,
  parseJson,
  readBundle,
  readSignedBundle,
  type SignedBundle,
  type SigningKey,
  text,
} from './answers.ts'
import { isSigned } from './session-key.ts'

/**
 * What this machine knows of one control plane: the keys that it signs policies with, the highest version seen, and the
 * last bundle, which is what a boundary starts with while the control plane cannot be reached.
 *
 * Keys are learnt at the first registration, over TLS, and kept. After that a new key counts only when a bundle names it
 * that one of the known keys signed: whoever gets between us and the control plane cannot bring keys of their own.
 */
export interface Trust {
  /** Learns the keys of the first contact; afterwards it does nothing. */
  learn(keys: readonly SigningKey[]): void
  /** Looks at a bundle, and keeps it when it is good and not older than what was seen. */
  open(signed: SignedBundle, now: Date): Opened
  /** The last good one that still counts. Grants are left out: they were for other sessions. */
  last(now: Date): Bundle | null
}

export type Opened =
  | { readonly bundle: Bundle }
  | { readonly refused: 'unknown-key' | 'signature' | 'malformed' | 'older' | 'expired'; readonly message: string }

interface Known {
  keys: Record<string, string>
  version: number
  bundle: SignedBundle | null
}

export function openTrust(state: string, url: string, userId: number | null): Trust {
  const directory = join(state, 'deployments', hash('sha256', url).slice(0, 16))
  makePrivateDirectory(directory, userId)
  const path = join(directory, 'trust.json')
  let known = readKnown(path)

  function keep(next: Known): void {
    known = next
    writePrivate(path, `${JSON.stringify({ url, ...next }, null, 2)}\n`)
  }

  return {
    learn(keys) {
      if (Object.keys(known.keys).length > 0 || keys.length === 0) return
      keep({ ...known, keys: Object.fromEntries(keys.map(({ id, publicKey }) => [id, publicKey])) })
    },
    open(signed, now) {
      const key = known.keys[signed.keyId]
      if (key === undefined || !Object.hasOwn(known.keys, signed.keyId)) {
        return {
          refused: 'unknown-key',
          message: `${url} signs its policies with a key that this machine does not know. If an administrator says that the keys were replaced, remove ${path} and start again.`,
        }
      }
      if (!isSigned(signed.payload, signed.signature, key)) {
        return { refused: 'signature', message: `the policy that ${url} sent is not signed by it` }
      }
      const bundle = readBundle(signed.payload)
      if (bundle === null) return { refused: 'malformed', message: `the policy that ${url} sent cannot be read` }
      if (bundle.version < known.version) {
        const message = `the policy that ${url} sent has version ${bundle.version}, and ${known.version} was seen before`
        return { refused: 'older', message }
      }
      if (bundle.notAfter <= now) {
        return {
          refused: 'expired',
          message: `the policy that ${url} sent was good until ${bundle.notAfter.toISOString()}`,
        }
      }
      const keys =
        bundle.keys.length === 0 ? known.keys : Object.fromEntries(bundle.keys.map((k) => [k.id, k.publicKey]))
      keep({ keys, version: bundle.version, bundle: signed })
      return { bundle }
    },
    last(now) {
      const { bundle: signed } = known
      const key = signed === null ? undefined : known.keys[signed.keyId]
      if (signed === null || key === undefined || !isSigned(signed.payload, signed.signature, key)) return null
      const bundle = readBundle(signed.payload)
      if (bundle === null || bundle.notAfter <= now) return null
      return { ...bundle, layers: bundle.layers.filter(({ scope }) => scope !== 'grant') }
    },
  }
}

function readKnown(path: string): Known {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (thrown) {
    if (toError(thrown).message.startsWith('ENOENT')) return { keys: {}, version: 0, bundle: null }
    throw new Fault('internal', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
  }
  const value = parseJson(content)
  const keys = Object.entries(Object(field(value, 'keys'))).flatMap(([id, key]) => {
    const publicKey = text(key)
    return publicKey === null ? [] : [[id, publicKey] as const]
  })
  const version = field(value, 'version')
  // Forgetting the keys would be to trust whoever answers next: that is for a person to do.
  if (keys.length === 0 || typeof version !== 'number') {
    throw new Fault('internal', `${path} is damaged`, {
      fix: 'remove it, and check that the next start reaches the right server',
    })
  }
  return { keys: Object.fromEntries(keys), version, bundle: readKept(field(value, 'bundle')) }
}

function readKept(value: unknown): SignedBundle | null {
  return readSignedBundle({
    payload: field(value, 'payload'),
    key_id: field(value, 'keyId'),
    signature: field(value, 'signature'),
  })
}
