import { createKeyring, type Keyring } from './keyring.ts'
import { newKey } from './seal.ts'

/** A keyring with one new key, for tests of what is sealed with it. */
export const testKeyring = (): Keyring => createKeyring([newKey()])
