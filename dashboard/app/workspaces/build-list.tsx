import type { WorkspaceBuild } from '@reeve/sdk'
import { useNow } from '../hooks/use-clock.ts'
import { Person, Time } from '../ui/facts.tsx'
import { duration } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { WorkspaceState } from './status.tsx'
import { reasonWords, transitionWords } from './words.ts'

/** Every build with what it did, how it came about and who asked for it; one of them is open beside the list. */
export function BuildList({
  builds,
  open,
  onOpen,
}: {
  builds: readonly WorkspaceBuild[]
  open: WorkspaceBuild | undefined
  onOpen: (build: WorkspaceBuild) => void
}) {
  const now = useNow(1_000)
  return (
    <ol className="min-w-0 space-y-3" aria-label="Builds, the latest first">
      {builds.map((build) => (
        <li key={build.id} className="rounded-md border border-line px-3 py-2">
          <p className="flex flex-wrap items-center gap-x-3">
            <button
              type="button"
              className="min-h-6 font-medium text-link"
              aria-pressed={build.id === open?.id}
              onClick={() => onOpen(build)}
            >
              #{build.build_number} {transitionWords[build.transition]}
            </button>
            <WorkspaceState status={build.status} />
            <span className="min-w-0 truncate text-muted">
              <HostileLine text={build.template_version_name} />
            </span>
          </p>
          <p className="flex flex-wrap gap-x-2 text-muted">
            <HostileLine text={reasonWords(build)} />
            {build.initiator !== null && <Person user={build.initiator} />}
            <Time at={build.created_at} />
            <span className="num">{tookOf(build, now)}</span>
          </p>
        </li>
      ))}
    </ol>
  )
}

/** How long it took, or has taken so far; where it waits, how many are before it. */
function tookOf({ job }: WorkspaceBuild, now: Date): string {
  if (job.started_at === null) return job.queue_position > 0 ? `${job.queue_position} of ${job.queue_size} in line` : ''
  const end = job.completed_at === null ? now : new Date(job.completed_at)
  return duration(Math.max(0, end.getTime() - new Date(job.started_at).getTime()))
}
