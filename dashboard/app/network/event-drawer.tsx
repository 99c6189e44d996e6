import { actLine, reasonText, type BoundaryEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { boundaryEvent } from '../api/boundaries.ts'
import { faultOf } from '../api/query-client.ts'
import { ListDrawer } from '../table/list-drawer.tsx'
import { CopyButton, CopyIcon } from '../ui/copy.tsx'
import { Fact, Person, Time } from '../ui/facts.tsx'
import { bytes, duration, shortId } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { Explanation } from './explanation.tsx'
import { VerdictState, verdictOf } from './verdict.tsx'
import { credentialText, treeText } from './words.ts'

/** One decision in full. */
export function EventDrawer({
  id,
  rows,
  onShow,
  onClose,
}: {
  id: string
  rows: readonly BoundaryEvent[]
  onShow: (id: string) => void
  onClose: () => void
}) {
  const at = rows.findIndex((row) => row.id === id || row.denial === id)
  const listed = rows[at]
  const { data: read, error } = useQuery({ ...boundaryEvent(id), enabled: listed === undefined })
  const event = listed ?? read
  const [newer, older] = at === -1 ? [] : [rows[at - 1], rows[at + 1]]
  return (
    <ListDrawer
      id={id}
      title="Decision"
      label="One decision of the list"
      newer={newer}
      older={older}
      actions={event?.denial != null && <CopyButton label="Copy as command" text={`reeve explain ${event.denial}`} />}
      onShow={onShow}
      onClose={onClose}
    >
      {error !== null && <FaultNotice what="The decision could not be read" fault={faultOf(error)} />}
      {event === null && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">
          There is no such decision, or it is none that you may see.
        </p>
      )}
      {event != null && <Event event={event} />}
    </ListDrawer>
  )
}

function Event({ event }: { event: BoundaryEvent }) {
  const raw = JSON.stringify(event, null, 2)
  return (
    <>
      <div className="space-y-1" aria-live="polite">
        <VerdictState verdict={verdictOf(event)} />
        <h3 className="text-lg wrapped">
          <HostileText text={actLine(event).slice(0, 600)} />
        </h3>
        {event.would !== 'allow' && <p className="text-muted first-letter:uppercase">{reasonText(event.reason)}.</p>}
      </div>
      {event.denial !== null && <Explanation id={event.denial} />}
      <Facts event={event} />
      {event.process !== null && <Program process={event.process} />}
      <details>
        <summary className="font-medium">As the API has it</summary>
        <div className="mt-2 space-y-2">
          <CopyButton label="Copy the JSON" text={raw} />
          <div
            className="mono max-h-96 overflow-y-auto rounded-lg border border-line bg-sunken p-3 text-xs"
            tabIndex={0}
            role="group"
            aria-label="The decision as JSON"
          >
            <HostileText text={raw} />
          </div>
        </div>
      </details>
    </>
  )
}

function Facts({ event }: { event: BoundaryEvent }) {
  const { net, process, policy } = event
  const credential = credentialText(event)
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-x-4 gap-y-3">
      <Fact name="Time">
        <Time at={event.time} milliseconds />
      </Fact>
      <Fact name="Person">
        <Person user={event.owner} />
      </Fact>
      <Fact name="Boundary">
        <Link
          to="/network"
          search={{ q: `session:${event.session_id}` }}
          className="mono min-w-0 truncate text-link underline"
          title={event.session_id}
        >
          {shortId(event.session_id)}
        </Link>
        <CopyIcon label="Copy: Boundary" text={event.session_id} />
        <Link
          to="/sessions"
          search={{ q: `boundary:${event.session_id}` }}
          className="text-link underline"
          title="Sessions with models that ran in this boundary"
        >
          its sessions
        </Link>
      </Fact>
      {event.workspace !== null && <Place workspace={event.workspace} />}
      <Fact name="Rule">
        <HostileLine text={event.rule} />
      </Fact>
      <Fact name="Policy">
        {policy === null ? (
          '–'
        ) : (
          <Link
            to="/policies/$policy"
            params={{ policy: policy.name }}
            className="min-w-0 truncate text-link underline"
          >
            <HostileLine text={`${policy.name}@v${policy.version}`} />
          </Link>
        )}
      </Fact>
      <Fact name="Enforced by">tier {event.tier}</Fact>
      {net !== null && (
        <>
          <Fact name="Address that was dialled">
            <HostileLine text={net.address ?? 'none'} />
          </Fact>
          <Fact name="Protocol">
            <HostileLine text={`${net.protocol}${net.inspected ? '' : ', not looked into'}`} />
          </Fact>
          <Fact name="Out / in">
            {bytes(net.bytes_up)} / {bytes(net.bytes_down)}
          </Fact>
          {net.status !== null && <Fact name="Status">{net.status}</Fact>}
          {net.duration_ms !== null && <Fact name="Took">{duration(net.duration_ms)}</Fact>}
          {credential !== '' && (
            <Fact name="Credential for Git">
              <HostileLine text={credential} />
            </Fact>
          )}
        </>
      )}
      {process !== null && (
        <>
          <Fact name="Process">
            <HostileLine text={`${process.exe ?? 'gone before it could be asked'} (pid ${process.pid})`} />
          </Fact>
        </>
      )}
    </dl>
  )
}

function Place({ workspace }: { workspace: NonNullable<BoundaryEvent['workspace']> }) {
  const { id, name, template_id: templateId, template_name: template, task_id: taskId, task_name: task } = workspace
  const narrowed = (term: string, text: string) => (
    <Link to="/network" search={{ q: term }} className="min-w-0 truncate text-link underline">
      <HostileLine text={text} />
    </Link>
  )
  return (
    <>
      <Fact name="Workspace">{narrowed(`workspace:${id}`, name)}</Fact>
      <Fact name="Template">{narrowed(`template:${templateId}`, template)}</Fact>
      {taskId !== null && <Fact name="Task">{narrowed(`task:${taskId}`, task ?? shortId(taskId))}</Fact>}
    </>
  )
}

function Program({ process }: { process: NonNullable<BoundaryEvent['process']> }) {
  return (
    <dl className="space-y-3">
      <Fact name="Started by">
        <HostileLine text={treeText(process.tree)} />
      </Fact>
      <Fact name="Command line, secrets struck">
        <HostileText text={process.argv.join(' ').slice(0, 2000)} />
      </Fact>
    </dl>
  )
}
