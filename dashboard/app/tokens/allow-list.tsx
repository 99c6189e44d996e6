import { type AllowedObject, resources } from '@reeve/sdk'
import { Plus, X } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { IconButton } from '../ui/button.tsx'

const control = 'h-9 rounded-md border border-control bg-page px-2.5 text-base text-text'

/** The objects that a token is for: none named is every object; once one is, nothing else can be reached. */
export function AllowList() {
  const [lines, setLines] = useState<readonly number[]>([])
  const add = useRef<HTMLButtonElement>(null)
  const next = useRef(0)
  const helpId = useId()
  return (
    <fieldset aria-describedby={helpId} className="min-w-0 space-y-2">
      <legend className="mb-1 font-medium">Only for these objects</legend>
      {lines.map((line, at) => (
        <div key={line} className="flex flex-wrap gap-2">
          <select
            name="allow-type"
            aria-label={`Kind of object ${at + 1}`}
            className={`${control} w-full sm:w-44`}
            autoFocus
          >
            {resources.map((resource) => (
              <option key={resource} value={resource}>
                {resource.replaceAll('_', ' ')}
              </option>
            ))}
          </select>
          <input
            name="allow-id"
            aria-label={`Id of object ${at + 1}`}
            placeholder="its id; empty: all of them"
            autoComplete="off"
            spellCheck={false}
            maxLength={64}
            className={`${control} min-w-0 flex-1 placeholder:text-muted`}
          />
          <IconButton
            label={`Take object ${at + 1} away`}
            icon={<X size={16} aria-hidden />}
            className="size-9"
            onClick={() => {
              setLines(lines.filter((one) => one !== line))
              add.current?.focus()
            }}
          />
        </div>
      ))}
      <button
        ref={add}
        type="button"
        className="inline-flex min-h-8 items-center gap-1.5 rounded-md px-2 font-medium text-link hover:bg-hover"
        onClick={() => setLines([...lines, next.current++])}
      >
        <Plus size={14} aria-hidden />
        Add an object
      </button>
      <p id={helpId} className="text-xs text-muted">
        {lines.length === 0 ? 'None: it is for every object.' : 'It reaches these and nothing else.'}
      </p>
    </fieldset>
  )
}

/** What was filled in, as the API takes it; undefined for every object. */
export function allowListOf(form: FormData): AllowedObject[] | undefined {
  const ids = form.getAll('allow-id').map((id) => String(id).trim())
  const found = form.getAll('allow-type').flatMap((type, at) => {
    const known = resources.find((resource) => resource === type)
    return known === undefined ? [] : [{ type: known, id: ids[at] === '' ? '*' : (ids[at] ?? '*') }]
  })
  return found.length === 0 ? undefined : found
}
