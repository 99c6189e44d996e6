/** Ed25519 public keys of those whose licences are believed, 32 bytes each, by the `kid` that licences name them by. */
export type PublicKeys = ReadonlyMap<string, Buffer>

/** Those of the vendor. A key that was given up stays until the last licence that it signed is over. */
export const vendorKeys: PublicKeys = new Map([
  ['reeve-2026-1', Buffer.from('OaZF5FJ8VrPh0hffaCy1UrXGjUgb0wSGgKa1E2K4u2k', 'base64url')],
])

/** `kid:base64`, with commas between keys; null when it is not that. */
export function parsePublicKeys(text: string): PublicKeys | null {
  const keys = new Map<string, Buffer>()
  for (const part of text.split(',')) {
    const [, kid = '', encoded = ''] = /^([\w.-]{1,64}):([A-Za-z0-9+/_-]{43}=?)$/.exec(part.trim()) ?? []
    const key = Buffer.from(encoded, 'base64url')
    if (key.length !== 32 || keys.has(kid)) return null
    keys.set(kid, key)
  }
  return keys
}
