import { isUuid } from '@reeve/base'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useId, useState } from 'react'
import { request, session } from '../api/queries.ts'
import { setPreference } from '../hooks/use-preference.ts'
import { Dialog } from '../ui/dialog.tsx'
import { shortId } from '../ui/format.ts'
import type { Entry } from './navigation.ts'

interface Jump {
  readonly label: string
  readonly hint: string
  readonly go: () => Promise<unknown> | void
}

/** Jumps to a page, or to whatever has the id that was pasted. */
export function Palette({ entries, onClose }: { entries: readonly Entry[]; onClose: () => void }) {
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const [problem, setProblem] = useState('')
  const listId = useId()
  const jumps = useJumps(entries, text.trim())
  const chosen = jumps[Math.min(active, jumps.length - 1)]

  const go = async (jump: Jump) => {
    try {
      await jump.go()
      onClose()
    } catch {
      setProblem('There is no session and no request with this id, or you may not see it.')
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive((active + 1) % Math.max(1, jumps.length))
    else if (event.key === 'ArrowUp') setActive((active + jumps.length - 1) % Math.max(1, jumps.length))
    else if (event.key === 'Enter' && chosen !== undefined) void go(chosen)
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Search or jump" onClose={onClose}>
      <input
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : `${listId}-${jumps.indexOf(chosen)}`}
        aria-label="Page or id"
        placeholder="A page, or the id of a session, request or denial"
        autoFocus
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setActive(0)
          setProblem('')
        }}
        onKeyDown={onKeyDown}
        className="h-10 w-full rounded-md border border-control bg-page px-3 text-base placeholder:text-muted"
      />
      <div role="listbox" id={listId} aria-label="Places" className="mt-2 max-h-80 overflow-y-auto">
        {jumps.map((jump, at) => (
          <div
            key={jump.label}
            role="option"
            id={`${listId}-${at}`}
            aria-selected={jump === chosen}
            className="flex min-h-9 items-center justify-between gap-4 rounded-md px-3 hover:bg-hover aria-selected:bg-tint aria-selected:text-link"
            onClick={() => void go(jump)}
          >
            <span>{jump.label}</span>
            <kbd className="text-xs text-muted">{jump.hint}</kbd>
          </div>
        ))}
      </div>
      {jumps.length === 0 && <p className="px-3 py-2 text-muted">No page is called that.</p>}
      <p role="status" className="text-bad">
        {problem}
      </p>
    </Dialog>
  )
}

function useJumps(entries: readonly Entry[], text: string): readonly Jump[] {
  const navigate = useNavigate()
  const queries = useQueryClient()
  if (isUuid(text)) {
    const find = async () => {
      const [asSession, asRequest] = await Promise.allSettled([
        queries.fetchQuery({ ...session(text), retry: false }),
        queries.fetchQuery({ ...request(text), retry: false }),
      ])
      if (asSession.status === 'fulfilled') return navigate({ to: '/sessions/$id', params: { id: text } })
      if (asRequest.status === 'fulfilled') return navigate({ to: '/requests/$id', params: { id: text } })
      throw asSession.reason
    }
    return [{ label: `Open ${shortId(text)}`, hint: 'Enter', go: find }]
  }
  if (/^dny_[0-9A-Za-z]{26}$/.test(text)) {
    const go = () => navigate({ to: '/network', search: { event: text } })
    return [{ label: 'Explain the denial', hint: 'Enter', go }]
  }
  const all: Jump[] = [
    ...entries.map(({ title, letter, to }) => ({ label: title, hint: `g ${letter}`, go: () => navigate({ to }) })),
    { label: 'Connect an agent', hint: '', go: () => navigate({ to: '/connect' }) },
    { label: 'Sessions running now', hint: '', go: () => navigate({ to: '/sessions', search: { q: 'status:live' } }) },
    { label: 'Use the light theme', hint: '', go: () => setPreference('theme', 'light') },
    { label: 'Use the dark theme', hint: '', go: () => setPreference('theme', 'dark') },
    { label: 'Use the theme of the system', hint: '', go: () => setPreference('theme', 'system') },
  ]
  const words = text.toLowerCase().split(/\s+/)
  return all.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
}
