/**
 * Words for people, out of facts that anybody may have chosen: usernames, names of tokens, what a provider said. A fact
 * becomes one line of plain text; markup, headers and links are only ever ours.
 */
export interface Rendered {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** A page of this deployment. */
  readonly action: { readonly label: string; readonly url: string } | null
}

const factCharsMax = 200

/**
 * No line ends, nothing that is not seen, nothing that turns the direction of reading, and no address that a mail program
 * would make a link of by itself.
 */
export function oneLine(text: string): string {
  const plain = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{E0000}-\u{E0FFF}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('://', ': //')
    .trim()
  return plain.length > factCharsMax ? `${plain.slice(0, factCharsMax).toWellFormed()}…` : plain
}

/** Somebody else's words are always in quotes, so that they are not taken for ours. */
export const quoted = (text: string): string => `“${oneLine(text).replaceAll(/[“”]/g, '"')}”`

export function plainText({ paragraphs, action }: Rendered): string {
  const lines = action === null ? paragraphs : [...paragraphs, `${action.label}: ${action.url}`]
  return lines.join('\n\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '')

/** One column of text and a link; no images, no styles that a client would have to trust, nothing fetched. */
export function html({ title, paragraphs, action }: Rendered, footer: string): string {
  const link = action === null ? '' : `<p><a href="${escapeHtml(action.url)}">${escapeHtml(action.label)}</a></p>\n`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body>
<h1>${escapeHtml(title)}</h1>
${paragraphs.map((text) => `<p>${escapeHtml(text)}</p>\n`).join('')}${link}<hr>
<p>${escapeHtml(footer)}</p>
</body>
</html>
`
}

/** Every sign that means something in Markdown, and the dots and colons of addresses that get linked by themselves. */
const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/[\\`*_{}[\]()#+\-!|~<>&@^$]/g, '\\$&')
    .replaceAll(/(?<=\w)[.:](?=\w|\/\/)/g, (sign) => `\\${sign}`)
    .replaceAll(/^(\s*\d+)\./gm, '$1\\.')

export const markdownTitle = ({ title }: Rendered): string => escapeMarkdown(title)

export function markdown({ paragraphs, action }: Rendered): string {
  const link = action === null ? [] : [`[${escapeMarkdown(action.label)}](<${action.url.replaceAll(/[<>]/g, '')}>)`]
  return [...paragraphs.map(escapeMarkdown), ...link].join('\n\n')
}
