/** What counts, in words, as whoever wonders about a row would ask. */
const scenarios: readonly (readonly [what: string, counts: boolean])[] = [
  ['Somebody creates a task, here, from the command line or from a pipeline', true],
  ['Somebody resumes a task', true],
  ['Somebody starts the workspace of a task by hand', true],
  ['The start of a task’s workspace fails or is canceled', false],
  ['A workspace stops or is deleted', false],
  ['Somebody starts a workspace of his own, whatever agents he runs in it', false],
]

export function Scenarios() {
  return (
    <dl className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
      {scenarios.map(([what, counts]) => (
        <div key={what} className="flex gap-3">
          <dt className="min-w-0 flex-1">{what}</dt>
          <dd className={counts ? 'font-medium' : 'text-muted'}>{counts ? 'counts' : 'does not'}</dd>
        </div>
      ))}
    </dl>
  )
}
