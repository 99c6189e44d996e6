import { optional } from './config-option.ts'
import type * as types from './config-types.ts'
import { parsePublicKeys, type PublicKeys } from './licensing/public-keys.ts'

const publicKeys: types.ValueType<PublicKeys> = {
  label: 'kid:base64, with commas',
  read(given) {
    const value = parsePublicKeys(given)
    return value === null ? { problem: 'is no list of kid:base64 with Ed25519 keys of 32 bytes' } : { value }
  },
}

export const licenseOptions = {
  licensePublicKeys: optional<PublicKeys>('Server', {
    env: 'REEVE_LICENSE_PUBLIC_KEYS',
    yaml: 'license_public_keys',
    type: publicKeys,
    fallbackLabel: 'those of the vendor alone',
    description: 'Ed25519 public keys of further issuers of licences, as `reeve licenses make-key` prints them.',
  }),
} as const
