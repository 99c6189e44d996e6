import { Fault, type Secret } from '@reeve/base'
import { keyIdOf, seal, type SealingKey, unseal } from './seal.ts'

/**
 * What secrets in the database are sealed with. The first key seals, all of them open, so that a key is changed by
 * putting a new one in front and sealing everything again while it is in use.
 */
export interface Keyring {
  /** The keys by id; the one that seals first. */
  keyIds(): readonly string[]
  /** `context` names where the result will stand, `contextOf(table, column, ...)`: it opens there and nowhere else. */
  seal(plain: string, context: string): string
  /** Throws a `Fault` when the key is not there, or the text is not what was sealed for this context. */
  open(sealed: string, context: string): Secret
  /** Takes another list of keys in place of the one so far: after a new one was put in front. */
  adopt(keys: readonly SealingKey[]): void
}

/** `table:column:row-id`; the row id is all of the row's key columns, in the order of `sealed-columns.ts`. */
export const contextOf = (table: string, column: string, ...rowId: readonly string[]): string =>
  [table, column, rowId.map(encodeURIComponent).join('/')].join(':')

/** `reread` is asked for the keys when one is needed that is not there; null says that there are no others. */
export function createKeyring(
  given: readonly SealingKey[],
  reread: () => readonly SealingKey[] | null = () => null,
): Keyring {
  let keys = atLeastOne(given)
  function find(id: string | null): SealingKey | undefined {
    const known = keys.find((candidate) => candidate.id === id)
    const others = known === undefined && id !== null ? reread() : null
    if (others?.some((other) => other.id === id) !== true) return known
    keys = atLeastOne(others)
    return find(id)
  }
  return {
    keyIds: () => keys.map(({ id }) => id),
    seal: (plain, context) => seal(keys[0], plain, context),
    open(sealed, context) {
      const id = keyIdOf(sealed)
      const key = find(id)
      if (key === undefined) {
        const message = 'a stored secret is sealed with a key that this server does not have'
        throw new Fault('unavailable', message, {
          fix: 'give this server the same REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS as the others',
          detail: `${context} needs the key ${id ?? '(not a sealed text)'}`,
        })
      }
      const plain = unseal(key, sealed, context)
      if (plain !== null) return plain
      throw new Fault('internal', 'a stored secret is not what was stored: it was changed or moved in the database', {
        fix: 'enter the secret again, and find out who writes to the database beside Reeve',
        detail: context,
      })
    },
    adopt(next) {
      keys = atLeastOne(next)
    },
  }
}

function atLeastOne(keys: readonly SealingKey[]): readonly [SealingKey, ...SealingKey[]] {
  const [first, ...others] = keys
  if (first === undefined) throw new RangeError('a keyring needs a key')
  return [first, ...others]
}
