/** The file that says what of a template's folder stays at home. */
export const ignoreFile = '.terraformignore'

export interface Ignore {
  /** Of a file, by its path below the template's folder. */
  file(path: string): boolean
  /** That of a folder nothing is sent, whatever is in it. */
  folder(path: string): boolean
}

interface Rule {
  readonly isNegated: boolean
  readonly pattern: RegExp
}

/**
 * Its rules are those of Terraform's own uploads: the last one that fits decides, `!` takes back what an earlier one left
 * out, one that begins with a slash is of the upmost folder and any other of every folder, and what is below a folder
 * goes with it.
 */
export function readIgnore(text: string): Ignore {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(ruleOf)
  const hasExceptions = rules.some(({ isNegated }) => isNegated)
  const ignored = (path: string) => rules.findLast(({ pattern }) => pattern.test(path))?.isNegated === false
  return { file: ignored, folder: (path) => !hasExceptions && ignored(`${path}/`) }
}

function ruleOf(line: string): Rule {
  const isNegated = line.startsWith('!')
  const given = isNegated ? line.slice(1) : line
  const depth = given.startsWith('/') ? '' : '(?:.*/)?'
  // What ends in a slash is a folder: of it there are only the files below.
  const below = given.endsWith('/') ? '/' : '(?:/|$)'
  return { isNegated, pattern: new RegExp(`^${depth}${expressionOf(given.replace(/^\/+|\/+$/g, ''))}${below}`) }
}

/** `*` and `?` stay within a name, `**` does not, and `[…]` is one of several letters. */
function expressionOf(glob: string): string {
  const parts = glob.match(/\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|\\.|[^]/g) ?? []
  return parts
    .map((part) => {
      if (part === '**/') return '(?:.*/)?'
      if (part === '**') return '.*'
      if (part === '*') return '[^/]*'
      if (part === '?') return '[^/]'
      if (part.length > 2) return `[${part.startsWith('[!') ? '^/' : ''}${classOf(part)}]`
      return RegExp.escape(part.replace(/^\\(?=.)/, ''))
    })
    .join('')
}

/** The letters and ranges of a class. */
function classOf(part: string): string {
  return part.slice(part.startsWith('[!') ? 2 : 1, -1).replace(/[\\^[\]]/g, '\\$&')
}
