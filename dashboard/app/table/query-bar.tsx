import { Search, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { parseQuery, type Query, queryText, type Term, termFor, termText, termValue } from './query.ts'

export interface QueryKey {
  readonly key: string
  readonly hint: string
  /** Values worth offering, as far as they are known. */
  readonly values: readonly string[]
  /** False where a menu of its values would be no help. */
  readonly menu?: boolean
}

/**
 * One line that holds the whole query: finished `key:value` terms as chips, the rest as text. A term becomes a chip at
 * the space or Enter after it; free words are searched for 300 ms after the last of them was typed.
 */
export function QueryBar({
  label,
  text,
  keys,
  problem,
  onChange,
}: {
  label: string
  text: string
  keys: readonly QueryKey[]
  /** What the server did not understand; the results stay as they are. */
  problem: string | null
  onChange: (text: string) => void
}) {
  const names = keys.map(({ key }) => key)
  const query = parseQuery(text, names)
  const [draft, setDraft] = useDraft(query, names, onChange)
  const [active, setActive] = useState(-1)
  const [focused, setFocused] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  useShortcuts({ '/': () => input.current?.focus() })

  const offers = focused ? suggest(draft, keys) : []
  const commit = (next: Query) => onChange(queryText(next))
  const accept = (offer: Offer) => {
    setActive(-1)
    const rest = draft.replace(/\S*$/, '')
    if (offer.term === null) setDraft(rest + offer.label)
    else {
      setDraft(rest)
      commit({ terms: [...query.terms.filter(({ key }) => key !== offer.term?.key), offer.term], words: rest })
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const offer = offers[active]
    if (event.key === 'ArrowDown') setActive(Math.min(active + 1, offers.length - 1))
    else if (event.key === 'ArrowUp') setActive(Math.max(active - 1, -1))
    else if (event.key === 'Enter' && offer !== undefined) accept(offer)
    else if (event.key === 'Enter') commit(finished(draft, query, names))
    else if (event.key === 'Backspace' && draft === '' && query.terms.length > 0)
      commit({ ...query, terms: query.terms.slice(0, -1) })
    else if (event.key === 'Escape') input.current?.blur()
    else return
    event.preventDefault()
  }

  return (
    <div className="relative min-w-0 flex-1 basis-80">
      <div
        className={`flex min-h-9 flex-wrap items-center gap-1.5 rounded-md border bg-page px-2 py-0.5 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-link ${problem === null ? 'border-control' : 'border-bad'}`}
      >
        <Search size={14} className="text-muted" aria-hidden />
        {query.terms.map((term) => (
          <Chip
            key={termText(term)}
            term={term}
            onRemove={() => {
              commit({ ...query, terms: query.terms.filter((one) => one !== term) })
              input.current?.focus()
            }}
          />
        ))}
        <input
          ref={input}
          role="combobox"
          aria-label={label}
          aria-expanded={offers.length > 0}
          aria-controls={offers.length > 0 ? id : undefined}
          aria-activedescendant={active >= 0 && offers.length > 0 ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          aria-invalid={problem !== null || undefined}
          aria-describedby={`${id}-problem`}
          aria-keyshortcuts="/"
          autoComplete="off"
          spellCheck={false}
          placeholder={query.terms.length === 0 ? `Words to search for, or ${keys[0]?.key ?? 'key'}:…  ( / )` : ''}
          value={draft}
          onChange={(event) => {
            setActive(-1)
            const next = event.target.value
            const whole = next.endsWith(' ') ? parseQuery(next, names) : null
            if (whole !== null && whole.terms.length > 0) {
              setDraft(whole.words === '' ? '' : `${whole.words} `)
              commit(finished(next, query, names))
            } else setDraft(next)
          }}
          onKeyDown={onKeyDown}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          className="h-7 min-w-32 flex-1 bg-transparent text-sm outline-none placeholder:text-muted"
        />
        {text !== '' && (
          <button
            type="button"
            className="inline-flex size-6 items-center justify-center rounded text-muted hover:bg-hover"
            aria-label="Clear the query"
            title="Clear the query"
            onClick={() => {
              setDraft('')
              onChange('')
              input.current?.focus()
            }}
          >
            <X size={14} aria-hidden />
          </button>
        )}
      </div>
      <p id={`${id}-problem`} role={problem === null ? undefined : 'alert'} className="text-xs text-bad empty:hidden">
        {problem !== null && <HostileLine text={problem} />}
      </p>
      {offers.length > 0 && (
        <div
          role="listbox"
          id={id}
          aria-label="Suggestions"
          className="absolute inset-x-0 top-full z-40 mt-1 max-h-72 overflow-y-auto rounded-lg border border-line bg-page p-1 shadow-xl"
        >
          {offers.map((offer, at) => (
            <div
              key={offer.label}
              id={`${id}-${at}`}
              role="option"
              aria-selected={at === active}
              className="flex min-h-8 items-center justify-between gap-4 rounded-md px-2 hover:bg-hover aria-selected:bg-tint aria-selected:text-link"
              onPointerDown={(event) => {
                event.preventDefault()
                accept(offer)
              }}
            >
              <span className="mono min-w-0 truncate">
                <HostileLine text={offer.label} />
              </span>
              <span className="text-xs text-muted">{offer.hint}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

function Chip({ term, onRemove }: { term: Term; onRemove: () => void }) {
  return (
    <span className="inline-flex h-6 max-w-64 items-center rounded bg-tint pl-2 text-link">
      <span className="min-w-0 truncate">
        {term.key}: <HostileLine text={termValue(term)} />
      </span>
      <button
        type="button"
        aria-label={`Remove ${termText(term)}`}
        title="Remove"
        className="ml-0.5 inline-flex size-6 items-center justify-center rounded hover:bg-hover"
        onClick={onRemove}
      >
        <X size={12} aria-hidden />
      </button>
    </span>
  )
}

/** What is being typed; the words in it reach the URL a moment after the last key. */
function useDraft(query: Query, names: readonly string[], onChange: (text: string) => void) {
  const [draft, setDraft] = useState(query.words)
  const sent = useRef(query.words)
  const latest = useRef({ query, onChange })
  useEffect(() => {
    latest.current = { query, onChange }
  })
  useEffect(() => {
    // The URL changed by other means: Back, a link, "drop this".
    if (query.words !== sent.current) setDraft(query.words)
    sent.current = query.words
  }, [query.words])
  useEffect(() => {
    const unfinished = names.some(
      (name) => draft.endsWith(`${name}:`) || new RegExp(`(?:^|\\s)${name}:\\S*$`).test(draft),
    )
    const words = draft.trim()
    if (unfinished || words === sent.current) return
    const timer = setTimeout(() => {
      sent.current = words
      latest.current.onChange(queryText({ ...latest.current.query, words }))
    }, 300)
    return () => clearTimeout(timer)
    // The names of keys are fixed for a page.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [draft])
  return [draft, setDraft] as const
}

/** The query with the finished terms of the draft in it; a later value of a key replaces the one before. */
function finished(draft: string, query: Query, names: readonly string[]): Query {
  const typed = parseQuery(draft, names)
  const kept = query.terms.filter(({ key }) => !typed.terms.some((term) => term.key === key))
  return { terms: [...kept, ...typed.terms], words: typed.words }
}

interface Offer {
  readonly label: string
  readonly hint: string
  /** Null when only a key is offered and its value is still to come. */
  readonly term: Term | null
}

function suggest(draft: string, keys: readonly QueryKey[]): readonly Offer[] {
  const token = /\S*$/.exec(draft)?.[0] ?? ''
  const colon = token.indexOf(':')
  if (colon === -1) {
    return keys
      .filter(({ key }) => token !== '' && key.startsWith(token))
      .map(({ key, hint }) => ({ label: `${key}:`, hint, term: null }))
  }
  const found = keys.find(({ key }) => key === token.slice(0, colon))
  const typed = token.slice(colon + 1).toLowerCase()
  return (found?.values ?? [])
    .filter((value) => value.toLowerCase().includes(typed))
    .slice(0, 20)
    .map((value) => ({ label: value, hint: found?.key ?? '', term: termFor(found?.key ?? '', value) }))
}
