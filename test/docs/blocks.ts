/**
 * The shell blocks of a page. What a page tells its reader to type is executed in the order in which it stands there.
 *
 *     ```sh            executed
 *     ```sh server     a command that keeps running: started, awaited until ready, stopped at the end of the page
 *     ```sh example    shown only, because it needs something that a test cannot have; the page's text says what
 *
 * Blocks in other languages are what a reader sees, not what he types.
 */
export interface ShellBlock {
  readonly kind: 'run' | 'server' | 'example'
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

export function shellBlocks(page: string): ShellBlock[] {
  const blocks: ShellBlock[] = []
  let open: { kind: ShellBlock['kind']; line: number; lines: string[] } | null = null
  let inOther = false
  for (const [index, line] of page.split('\n').entries()) {
    const fence = /^\s*```\s*(.*)$/.exec(line)
    if (fence === null) {
      open?.lines.push(line)
    } else if (open !== null) {
      blocks.push({ kind: open.kind, text: open.lines.join('\n'), line: open.line })
      open = null
    } else if (inOther) {
      inOther = false
    } else {
      const kind = blockKind(fence[1]!.trim(), index + 1)
      if (kind === null) inOther = true
      else open = { kind, line: index + 1, lines: [] }
    }
  }
  if (open !== null) throw new Error(`line ${open.line}: the block is never closed`)
  return blocks
}

function blockKind(info: string, line: number): ShellBlock['kind'] | null {
  if (info === 'sh') return 'run'
  if (info === 'sh server') return 'server'
  if (info === 'sh example') return 'example'
  // A shell block under another name would look executed to a reader and never be.
  if (/^(sh|bash|shell|console)\b/.test(info))
    throw new Error(`line ${line}: write the fence as sh, sh server or sh example`)
  return null
}
