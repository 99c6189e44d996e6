/** What a file says, with its byte order mark; null where it is no text: not UTF-8, or with a NUL. */
export function plainText(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
