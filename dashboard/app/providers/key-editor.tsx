import type { Fault } from '@reeve/base'
import type { AiProviderKey } from '@reeve/sdk'
import { useRef } from 'react'
import { Field } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** A key as it stands in the form: one that is kept, or one that is entered. */
export interface KeyDraft {
  readonly mark: string
  readonly kept: AiProviderKey | null
  readonly text: string
  readonly weight: string
}

export const draftsOf = (keys: readonly AiProviderKey[]): readonly KeyDraft[] =>
  keys.map((kept) => ({ mark: kept.id, kept, text: '', weight: String(kept.weight) }))

export type KeyEntry = { id: string; weight: number } | NewKey
interface NewKey {
  api_key: string
  weight: number
}

/** What is left empty is no key. */
export const keysIn = (drafts: readonly KeyDraft[]): KeyEntry[] =>
  drafts.flatMap((draft): KeyEntry[] =>
    draft.kept === null ? newKey(draft) : [{ id: draft.kept.id, weight: Number(draft.weight) }],
  )

export const newKeysIn = (drafts: readonly KeyDraft[]): NewKey[] =>
  drafts.flatMap((draft) => (draft.kept === null ? newKey(draft) : []))

const newKey = ({ text, weight }: KeyDraft): NewKey[] =>
  text.trim() === '' ? [] : [{ api_key: text.trim(), weight: Number(weight) }]

const most = 20

/** Keys in their order: each moves up, is removed, and has a weight. */
export function KeyEditor({
  drafts,
  fault,
  onChange,
}: {
  drafts: readonly KeyDraft[]
  fault: Fault | null
  onChange: (drafts: readonly KeyDraft[]) => void
}) {
  const add = useRef<HTMLDivElement>(null)
  const made = useRef(0)
  const change = (mark: string, more: Partial<KeyDraft>) =>
    onChange(drafts.map((one) => (one.mark === mark ? { ...one, ...more } : one)))
  const up = (index: number) => {
    const [before, one] = [drafts[index - 1], drafts[index]]
    if (before === undefined || one === undefined) return
    onChange([...drafts.slice(0, index - 1), one, before, ...drafts.slice(index + 1)])
  }
  const remove = (mark: string) => {
    onChange(drafts.filter((one) => one.mark !== mark))
    // The button that had the focus is gone.
    add.current?.querySelector('button')?.focus()
  }
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 font-medium">Keys</legend>
      <p className="text-xs text-muted">
        Asked with from the first to the last, each when those before it are limited or refused. Keys with a weight
        share the requests.
      </p>
      <ol className="space-y-3">
        {drafts.map((draft, index) => (
          <li key={draft.mark} className="space-y-2 rounded-md border border-line p-3">
            <div className="flex flex-wrap items-center gap-2">
              <span className="mono min-w-0 flex-1 overflow-hidden wrap-anywhere">
                {index + 1}. {draft.kept === null ? 'a new key' : <HostileLine text={draft.kept.masked} />}
              </span>
              <Button aria-label={`Move key ${index + 1} up`} aria-disabled={index === 0} onClick={() => up(index)}>
                Up
              </Button>
              <Button tone="quiet-danger" aria-label={`Remove key ${index + 1}`} onClick={() => remove(draft.mark)}>
                Remove
              </Button>
            </div>
            {draft.kept === null && (
              <Field
                label={`Key ${index + 1}`}
                name={`api_keys.${index}.api_key`}
                type="password"
                autoComplete="off"
                spellCheck={false}
                value={draft.text}
                fault={fault}
                onChange={({ currentTarget }) => change(draft.mark, { text: currentTarget.value })}
              />
            )}
            <Field
              label={`Weight of key ${index + 1}`}
              name={`api_keys.${index}.weight`}
              type="number"
              min={0}
              max={1000}
              value={draft.weight}
              hint="0: only when those before it fail"
              fault={fault}
              onChange={({ currentTarget }) => change(draft.mark, { weight: currentTarget.value })}
            />
          </li>
        ))}
      </ol>
      <div ref={add}>
        {drafts.length < most && (
          <Button
            onClick={() => onChange([...drafts, { mark: `new-${made.current++}`, kept: null, text: '', weight: '0' }])}
          >
            Add a key
          </Button>
        )}
      </div>
    </fieldset>
  )
}
