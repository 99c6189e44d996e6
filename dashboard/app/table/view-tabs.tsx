/** Views of one page beside each other. Each is a place of its own in the address, so they are pressed and not tabbed through. */
export function ViewTabs<K extends string>({
  label,
  views,
  current,
  onChange,
}: {
  label: string
  /** Those that there are for the viewer. */
  views: Readonly<Partial<Record<K, string>>>
  current: K
  onChange: (view: K) => void
}) {
  // SAFETY: the keys of the record are its type parameter.
  const names = Object.keys(views) as K[]
  return (
    <div role="group" aria-label={label} className="inline-flex flex-wrap rounded-md border border-control p-0.5">
      {names.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === current}
          onClick={() => onChange(name)}
          className={`min-h-7 rounded px-2.5 text-sm font-medium whitespace-nowrap ${name === current ? 'bg-tint text-link' : 'text-muted hover:bg-hover hover:text-text'}`}
        >
          {views[name]}
        </button>
      ))}
    </div>
  )
}
