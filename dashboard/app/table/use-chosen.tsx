import { useState } from 'react'
import type { Column } from './data-table.tsx'

/** Rows that were chosen to have something done to all of them; one that is no longer listed is not chosen any more. */
export function useChosen<Row extends { readonly id: string }>(rows: readonly Row[], nameOf: (row: Row) => string) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  const chosen = rows.filter(({ id }) => ids.has(id))
  const choose = (some: readonly Row[], on: boolean) => {
    const next = new Set(ids)
    for (const { id } of some) {
      if (on) next.add(id)
      else next.delete(id)
    }
    setIds(next)
  }
  const column: Column<Row> = {
    id: 'chosen',
    title: (
      <Box
        name="Choose all that are shown"
        checked={chosen.length > 0 && chosen.length === rows.length}
        onChange={(on) => choose(rows, on)}
      />
    ),
    label: 'Chosen',
    width: '3rem',
    cell: (row) => (
      <Box name={`Choose ${nameOf(row)}`} checked={ids.has(row.id)} onChange={(on) => choose([row], on)} />
    ),
  }
  return { chosen, column, keep: (ids: readonly string[]) => setIds(new Set(ids)) }
}

/** The label is as large as a target has to be, and keeps the click from opening the row. */
function Box({ name, checked, onChange }: { name: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="inline-flex size-6 items-center justify-center">
      <input type="checkbox" aria-label={name} checked={checked} onChange={(event) => onChange(event.target.checked)} />
    </label>
  )
}
