import pg from 'pg'

/**
 * How columns arrive. Different from what `pg` does by itself: a bigint is a number, and refused where a number cannot
 * hold it, instead of a string that nobody adds up correctly; a date stays the text that it is, instead of an instant in
 * the time zone of this machine. The generated schema types say the same.
 */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === bigint) return safeInteger
      if (oid === bigintArray) return (text: string) => stringArray(text).map(safeInteger)
      if (oid === date) return (text: string) => text
    }
    return pg.types.getTypeParser(oid, format)
  },
}

const bigint = 20
const bigintArray = 1016
const date = 1082
const textArray: number = 1009

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`a bigint of the database does not fit a number: ${text}`)
  return value
}

function stringArray(text: string): string[] {
  return pg.types.getTypeParser(textArray, 'text')(text)
}
