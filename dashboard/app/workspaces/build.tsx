import type { WorkspaceBuild, WorkspaceResource } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { faultOf } from '../api/query-client.ts'
import { useLog } from '../api/use-log.ts'
import { buildFindings, buildLog, followBuildLog, hasEnded } from '../api/workspaces.ts'
import { JobLog } from '../jobs/job-log.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { LiveChip } from '../ui/live-chip.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { transitionWords } from './words.ts'

/** One build: why it failed, what it says or said, what it made, and the values that it was made with. */
export function Build({ build }: { build: WorkspaceBuild }) {
  const { lines, error, watch } = useLog(build.id, useQuery(buildLog(build)), !hasEnded(build.job), (after, signal) =>
    followBuildLog(build.id, after, signal),
  )
  const title = `Build ${build.build_number}: ${transitionWords[build.transition].toLowerCase()}`
  return (
    <section aria-label={title} className="min-w-0 space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="font-medium">{title}</h2>
        <LiveChip state={watch} />
      </div>
      {build.job.error !== null && (
        <div role="group" aria-label="Why it failed" className="font-mono text-xs text-bad">
          <HostileText text={build.job.error} />
        </div>
      )}
      {error !== null && <FaultNotice what="What it said could not be read" fault={faultOf(error)} />}
      <JobLog label="What the build said" lines={lines} />
      {build.job.logs_overflowed && <p className="text-muted">It said more than is kept.</p>}
      <Findings build={build} />
    </section>
  )
}

function Findings({ build }: { build: WorkspaceBuild }) {
  const { data, error, refetch } = useQuery(buildFindings(build))
  if (error !== null)
    return <FaultNotice what="What it made could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (data === undefined) return <p className="late text-muted">Reading what it made …</p>
  const { parameters, resources } = data
  return (
    <>
      <section aria-label="Resources">
        <h3 className="font-medium">Resources</h3>
        {resources.length === 0 && (
          <p className="text-muted">
            {hasEnded(build.job) ? 'Nothing is there after this build.' : 'Nothing is made yet.'}
          </p>
        )}
        <ul className="space-y-2">
          {resources
            .filter(({ hide }) => !hide)
            .map((resource) => (
              <Resource key={resource.id} resource={resource} />
            ))}
        </ul>
      </section>
      <section aria-label="Parameters">
        <h3 className="font-medium">Parameters</h3>
        {parameters.length === 0 && <p className="text-muted">It was made with no values but those of the template.</p>}
        <dl className="space-y-1">
          {parameters.map(({ name, value }) => (
            <div key={name} className="flex flex-wrap gap-x-2">
              <dt className="min-w-0 font-mono">
                <HostileLine text={name} />
              </dt>
              <dd className="min-w-0 text-muted">
                <HostileLine text={value} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  )
}

function Resource({ resource: { address, agents, metadata } }: { resource: WorkspaceResource }) {
  return (
    <li className="min-w-0">
      <p className="min-w-0 font-mono">
        <HostileLine text={address} />
      </p>
      {agents.map(({ id, name, operating_system: os, architecture, directory }) => (
        <p key={id} className="pl-4 text-muted">
          agent <HostileLine text={`${name}, ${os}/${architecture}${directory === '' ? '' : `, ${directory}`}`} />
        </p>
      ))}
      {metadata.map(({ key, value, sensitive }) => (
        <p key={key} className="pl-4 text-muted">
          <HostileLine text={key} />: {sensitive ? 'is not shown' : <HostileLine text={value} />}
        </p>
      ))}
    </li>
  )
}
