/**
 * Prompts, tool output and names are hostile text. Whatever could drive a terminal, reorder or hide what is shown, is
 * made visible before it is printed: control characters (ANSI and OSC sequences begin with one), bidirectional marks,
 * zero-width and other format characters, line separators, private use, lone surrogates, tags and blank fillers.
 */
const hidden =
  '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u2800\\u3164\\uFFA0\\u{E0100}-\\u{E01EF}'
const hiddenInLine = new RegExp(`[${hidden}]`, 'gu')
const hiddenInText = new RegExp(`(?!\\n)[${hidden}]`, 'gu')
/** JSON escapes C0 itself; a terminal also minds the others. */
const hiddenInJson = new RegExp(`(?![\\n])[${hidden}]`, 'gu')

const names: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001B': '\\e' }

const escapeSeen = (char: string): string => names[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`

/** Text for one line: newlines are made visible too. */
export const visibleLine = (text: string): string => text.replace(hiddenInLine, escapeSeen)

/** Text of several lines: line ends stay, tabs become spaces. */
export const visibleText = (text: string): string =>
  text.replace(/\r\n/g, '\n').replaceAll('\t', '    ').replace(hiddenInText, escapeSeen)

/** JSON text, escaped so that it means the same and drives no terminal. */
export const visibleJson = (json: string): string =>
  json.replace(hiddenInJson, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
