import type { Asking } from '../table/use-list-search.ts'

/** What an auditor looks for first, in the words of the query bar. */
const presets: readonly (readonly [title: string, query: string])[] = [
  ['Content reveals', 'action:read_content'],
  ['Role grants', 'action:assign_roles'],
  [
    'Policy changes',
    'resource_type:role resource_type:idp_sync_settings resource_type:audit_sink resource_type:legal_hold resource_type:masking',
  ],
  ['Exports', 'action:export'],
  ['Failed sign-ins', 'action:login outcome:refused'],
  ['Break-glass', 'reason:break-glass'],
  ['Tokens', 'resource_type:api_key'],
  ['Everything refused', 'outcome:refused'],
]

/** Pressed again, a preset is taken away. */
export function Presets({ asking }: { asking: Asking }) {
  return (
    <div role="group" aria-label="Presets" className="flex flex-wrap gap-1.5">
      {presets.map(([title, query]) => {
        const pressed = asking.q === query
        return (
          <button
            key={title}
            type="button"
            aria-pressed={pressed}
            title={query}
            className={`min-h-7 rounded-full border px-3 text-xs font-medium whitespace-nowrap ${pressed ? 'border-link bg-tint text-link' : 'border-line bg-raised text-muted hover:bg-hover hover:text-text'}`}
            onClick={() => asking.setText(pressed ? '' : query)}
          >
            {title}
          </button>
        )
      })}
    </div>
  )
}
