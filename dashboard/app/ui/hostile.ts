/**
 * Text from elsewhere, cut into pieces that can be shown as text and nothing else. Prompts, tool output, names and
 * error messages are written by models, tools, web pages and attackers: whatever would act on the reader instead of
 * being read (control, bidi and zero-width characters, terminal escapes) becomes visible or is left out and counted.
 * Pure, so that every trick in the corpus is a plain test.
 */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly style: string }
  /** One character that cannot be seen, by its code point. */
  | { readonly kind: 'glyph'; readonly text: string; readonly name: string }
  /** A long run of base64: what it looks like, and the run itself. */
  | { readonly kind: 'folded'; readonly text: string; readonly name: string }

/** Terminal escapes first (CSI, OSC and other strings, single characters), then what is invisible, then base64. */
const special = new RegExp(
  [
    '(?:\\x1b\\[|\\x9b)([0-?]*)[ -/]*([@-~])',
    '\\x1b[\\]PX^_][^\\x07\\x1b\\x9c]{0,4096}(?:\\x07|\\x1b\\\\|\\x9c)',
    '\\x1b[ -/]*[0-~]',
    '\\r\\n',
    '[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb]',
    '[\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\p{Surrogate}]',
    '[A-Za-z0-9+/]{256,}={0,2}',
  ].join('|'),
  'gu',
)

/** How many characters are in the way of the reader once the long runs are folded. */
export const readableChars = (text: string): number => text.replace(/[A-Za-z0-9+/]{256,}={0,2}/g, '').length

export function readHostile(text: string): Piece[] {
  const pieces: Piece[] = []
  let style = ''
  let from = 0
  const push = (end: number) => {
    if (end > from) pieces.push({ kind: 'text', text: text.slice(from, end), style })
  }
  for (const match of text.matchAll(special)) {
    const [found, parameters, final] = match
    if ((found === '\ufe0f' || found === '\u200d') && afterSymbol(text, match.index)) continue
    push(match.index)
    from = match.index + found.length
    if (final === 'm') style = nextStyle(style, parameters ?? '')
    else if (found === '\r\n') from -= 1
    else if (found.length >= 256 && !found.startsWith('\x1b')) pieces.push(folded(found))
    else if (found.length <= 2 && !isEscape(found)) pieces.push(glyph(found))
  }
  push(text.length)
  return pieces
}

/** Right after a symbol, a variation selector or a joiner only picks how it is drawn; anywhere else it is a hiding place. */
const afterSymbol = (text: string, at: number): boolean =>
  /[\u00a9\u00ae\u203c-\u3299\ud83c-\udfff]|\ufe0f/.test(text[at - 1] ?? '')

const isEscape = (found: string): boolean => found.length > 1 && (found[0] === '\x1b' || found[0] === '\x9b')

function glyph(found: string): Piece {
  const code = found.codePointAt(0) ?? 0
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return { kind: 'glyph', text: code === 0x7f ? 'DEL' : (controls[code] ?? name), name }
}

/** Unicode has pictures of these, which few fonts draw. */
const controls =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  )

const formats: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'PNG'],
  ['/9j/', 'JPEG'],
  ['R0lGOD', 'GIF'],
  ['UklGR', 'WebP'],
  ['JVBERi0', 'PDF'],
  ['UEsDB', 'ZIP'],
  ['H4sI', 'gzip'],
]

function folded(found: string): Piece {
  const format = formats.find(([prefix]) => found.startsWith(prefix))?.[1]
  const mixed = /[A-Z]/.test(found) && /[a-z]/.test(found) && /[0-9]/.test(found)
  return { kind: 'folded', text: found, name: format ?? (mixed ? 'base64' : 'unbroken text') }
}

const colours = ['dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', '']

/** SGR parameters change the style; backgrounds, blinking and concealing are not taken over. */
function nextStyle(style: string, parameters: string): string {
  let names = new Set(style === '' ? [] : style.split(' '))
  const codes = parameters.split(/[;:]/).map(Number)
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0
    if (code === 0) names = new Set()
    else if (code === 1) names.add('ansi-bold')
    else if (code === 2) names.add('ansi-dim')
    else if (code === 3) names.add('ansi-italic')
    else if (code === 4) names.add('ansi-underline')
    else if (code === 38 || code === 48) at += codes[at + 1] === 2 ? 4 : 2
    else if (code === 39 || (code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      for (const colour of colours) names.delete(`ansi-${colour}`)
      const colour = code === 39 ? '' : (colours[code % 10] ?? '')
      if (colour !== '') names.add(`ansi-${colour}`)
    }
  }
  return [...names].join(' ')
}
