import { Fragment, type ReactNode, useMemo, useState } from 'react'
import { bytes } from './format.ts'
import { type Piece, readableChars, readHostile } from './hostile.ts'

/**
 * One line of text from elsewhere: in a cell, a heading, a name. Line breaks are shown as marks. `inControl` where it is
 * what a link or a button says: there what is folded stays so, because no button may stand in another.
 */
export function HostileLine({
  text,
  mark = '',
  inControl = false,
}: {
  text: string
  mark?: string
  inControl?: boolean
}) {
  const short =
    text.length > 400 && readableChars(text.slice(0, 4000)) > 400 ? `${text.slice(0, 400)}…` : text.slice(0, 64_000)
  return (
    <bdi className="content-line min-w-0">
      <Pieces text={short.trim().replace(/\s*\n\s*/g, ' ↵ ')} mark={mark} fixed={inControl} />
    </bdi>
  )
}

/** Text from elsewhere as it was written, line breaks and all. `mark` is highlighted. */
export function HostileText({ text, mark = '' }: { text: string; mark?: string }) {
  return (
    <bdi className="content block">
      <Pieces text={text} mark={mark} />
    </bdi>
  )
}

function Pieces({ text, mark, fixed = false }: { text: string; mark: string; fixed?: boolean }) {
  const pieces = useMemo(() => readHostile(text), [text])
  return pieces.map((piece, at) => <Fragment key={at}>{show(piece, mark, fixed)}</Fragment>)
}

function show(piece: Piece, mark: string, fixed: boolean): ReactNode {
  if (piece.kind === 'folded') {
    return fixed ? <span className="font-sans text-xs text-muted">{foldedAs(piece)}</span> : <Folded piece={piece} />
  }
  if (piece.kind === 'glyph') {
    return (
      <span className="glyph mono" title={`invisible character ${piece.name}`}>
        {piece.text}
      </span>
    )
  }
  const shown = mark === '' ? piece.text : highlighted(piece.text, mark)
  return piece.style === '' ? shown : <span className={piece.style}>{shown}</span>
}

type FoldedPiece = Extract<Piece, { kind: 'folded' }>

function foldedAs({ name, text }: FoldedPiece): string {
  const size = name === 'unbroken text' ? text.length : Math.floor((text.length * 3) / 4)
  return `${name}, ${bytes(size)}, folded`
}

function Folded({ piece }: { piece: FoldedPiece }) {
  const [open, setOpen] = useState(false)
  if (open) return piece.text
  return (
    <button
      type="button"
      className="min-h-6 rounded border border-control px-1.5 font-sans text-xs text-muted hover:bg-hover"
      onClick={() => setOpen(true)}
    >
      {foldedAs(piece)} · show
    </button>
  )
}

function highlighted(text: string, mark: string): ReactNode {
  const parts: ReactNode[] = []
  const [haystack, needle] = [text.toLowerCase(), mark.toLowerCase()]
  let from = 0
  // Lower case can have another length than the text in a few scripts; then nothing is highlighted.
  if (haystack.length !== text.length) return text
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, from)) {
    parts.push(
      text.slice(from, at),
      <mark key={at} className="rounded-xs bg-mark text-text">
        {text.slice(at, at + needle.length)}
      </mark>,
    )
    from = at + needle.length
  }
  return parts.length === 0 ? text : [...parts, text.slice(from)]
}
