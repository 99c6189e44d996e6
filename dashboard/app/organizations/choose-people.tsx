import type { Fault } from '@reeve/base'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Candidate, Candidates } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { Field } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

const isUsername = /^[a-z0-9]+(?:-[a-z0-9]+)*$/i

/**
 * People to add to something: searched for by name, chosen one after the other, added together. A username that the
 * viewer knows and may not look up can be added as it is typed.
 */
export function ChoosePeople({
  title,
  about = '',
  among,
  isIn,
  busy,
  fault,
  onAdd,
  onClose,
}: {
  title: string
  /** What it comes to for them. */
  about?: string
  among: Candidates
  /** Whether somebody is in it already. Who was only typed has no id. */
  isIn: (one: Candidate) => boolean
  busy: boolean
  fault: Fault | null
  onAdd: (usernames: readonly string[]) => void
  onClose: () => void
}) {
  const [text, setText] = useState('')
  const asked = useSettled(text.trim())
  const { data: found, error } = useQuery({
    queryKey: ['candidates', among.name, asked],
    queryFn: ({ signal }) => among.find(asked, signal),
    placeholderData: keepPreviousData,
  })
  const [chosen, setChosen] = useState<ReadonlyMap<string, Candidate>>(new Map())
  const rows = offered(chosen, found ?? [], found === undefined ? '' : asked)
  const toAdd = [...chosen.values()].filter((one) => !isIn(one)).map(({ username }) => username)
  const choose = (one: Candidate, on: boolean) => {
    const next = new Map(chosen)
    if (on) next.set(one.username, one)
    else next.delete(one.username)
    setChosen(next)
  }
  return (
    <FormDialog
      title={title}
      verb={busy ? 'Adding' : toAdd.length === 0 ? 'Add' : `Add ${toAdd.length}`}
      ready={toAdd.length > 0}
      busy={busy}
      fault={fault}
      fields={[]}
      onSubmit={() => onAdd(toAdd)}
      onClose={onClose}
    >
      <Field
        label="Search"
        name="search"
        autoComplete="off"
        spellCheck={false}
        value={text}
        hint="Text in the username, the name or the e-mail address"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          // Enter is for the search; people are added by the button.
          if (event.key === 'Enter') event.preventDefault()
        }}
      />
      {error !== null && <FaultNotice what="People could not be searched" fault={faultOf(error)} />}
      <fieldset className="h-56 min-w-0 overflow-y-auto rounded-lg border border-line bg-raised px-3 py-1">
        <legend className="sr-only">People found</legend>
        {rows.map((one) => (
          <Row
            key={one.username}
            of={one}
            isIn={isIn(one)}
            chosen={chosen.has(one.username)}
            onChoose={(on) => choose(one, on)}
          />
        ))}
        <p role="status" className="py-2 text-muted empty:hidden">
          {found !== undefined && rows.length === 0 && 'Nobody is called like this.'}
        </p>
      </fieldset>
      {about !== '' && (
        <p className="text-muted">
          <HostileLine text={about} />
        </p>
      )}
    </FormDialog>
  )
}

/** Somebody without an id is a name as it was typed, which only the server can look up. */
function Row({
  of: { id, username, name },
  isIn,
  chosen,
  onChoose,
}: {
  of: Candidate
  isIn: boolean
  chosen: boolean
  onChoose: (on: boolean) => void
}) {
  return (
    <label className="flex min-h-8 items-center gap-2">
      <input
        type="checkbox"
        checked={isIn || chosen}
        disabled={isIn}
        onChange={(event) => onChoose(event.target.checked)}
      />
      <span className="min-w-0 truncate font-medium">
        <HostileLine text={username} />
      </span>
      <span className="min-w-0 flex-1 truncate text-muted">
        <HostileLine text={id === '' ? 'exactly as it is written' : name} />
      </span>
      {isIn && <span className="shrink-0 text-xs text-muted">is in it</span>}
    </label>
  )
}

/** Who is chosen stays in sight; then who was found, and the name as it was typed when nobody found has it. */
function offered(
  chosen: ReadonlyMap<string, Candidate>,
  found: readonly Candidate[],
  asked: string,
): readonly Candidate[] {
  const others = found.filter((one) => !chosen.has(one.username))
  const known = [...chosen.keys(), ...others.map((one) => one.username)].some(
    (name) => name.toLowerCase() === asked.toLowerCase(),
  )
  const typed = !known && isUsername.test(asked) ? [{ id: '', username: asked, name: '' }] : []
  return [...chosen.values(), ...others, ...typed]
}

/** The text as it was a moment after the last key. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 200)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
