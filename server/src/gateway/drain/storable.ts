/** PostgreSQL text holds neither NUL nor half a surrogate pair; the exact bytes are kept elsewhere. */
export function storable(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replaceAll('\0', '\uFFFD').toWellFormed()
}
