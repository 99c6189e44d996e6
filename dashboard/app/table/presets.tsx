import type { Asking } from './use-list-search.ts'

/** Queries that people come with, one press away. */
export type Preset = readonly [title: string, query: string]

/** Pressed again, a preset is taken away. */
export function Presets({ presets, asking }: { presets: readonly Preset[]; asking: Asking }) {
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
