/** Reading values whose shape nobody promised. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of the text, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whoever asks goes on without the value.
    return undefined
  }
}

export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function stringOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Without control characters, without surrounding blanks and at most `lengthMax` long: fit for a column or a log. */
export function cleanText(text: string, lengthMax: number): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text
    .slice(0, lengthMax * 2)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '')
    .trim()
    .slice(0, lengthMax)
}

export const modelCharsMax = 200

/** A model as somebody calls it, in the form that is decided on and recorded. */
export const modelName = (said: string): string => cleanText(said, modelCharsMax)
