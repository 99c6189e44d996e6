import { useQuery } from '@tanstack/react-query'
import { faultOf } from '../api/query-client.ts'
import { versionFindings } from '../api/templates.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** What the import of a version found: what whoever makes a workspace chooses, and what is made then. */
export function Findings({ version }: { version: string }) {
  const { data, error, refetch } = useQuery(versionFindings(version))
  if (error !== null)
    return <FaultNotice what="The version could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (data === undefined) return <p className="late text-muted">Reading the version …</p>
  const { parameters, resources, variables, presets } = data
  const made = resources.filter(({ workspace_transition: when }) => when === 'start')
  return (
    <div className="min-w-0 space-y-4">
      <Facts title="Parameters" empty="Nothing is asked of whoever makes a workspace.">
        {parameters.map((one) => (
          <Fact key={one.name} name={one.display_name === '' ? one.name : one.display_name}>
            {one.type}, {one.required ? 'required' : 'default '}
            {!one.required && <HostileLine text={one.default_value} />}
            {one.mutable ? '' : ', chosen once'}
          </Fact>
        ))}
      </Facts>
      <Facts title="What a start makes" empty="Nothing.">
        {made.map((one) => (
          <Fact key={one.address} name={one.address}>
            {one.agents.length === 0 ? 'no agent' : `agents: ${one.agents.map(({ name }) => name).join(', ')}`}
          </Fact>
        ))}
      </Facts>
      <Facts title="Presets" empty="None.">
        {presets.map((one) => (
          <Fact key={one.id} name={one.name}>
            {one.parameters.map(({ name, value }) => `${name} = ${value}`).join(', ')}
          </Fact>
        ))}
      </Facts>
      <Facts title="Variables" empty="None.">
        {variables.map((one) => (
          <Fact key={one.name} name={one.name}>
            {one.sensitive ? 'is not shown' : <HostileLine text={one.value} />}
          </Fact>
        ))}
      </Facts>
    </div>
  )
}

function Facts({ title, empty, children }: { title: string; empty: string; children: readonly React.ReactNode[] }) {
  return (
    <section aria-label={title}>
      <h2 className="font-medium">{title}</h2>
      {children.length === 0 ? <p className="text-muted">{empty}</p> : <dl className="space-y-1">{children}</dl>}
    </section>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-wrap gap-x-2">
      <dt className="font-mono">
        <HostileLine text={name} />
      </dt>
      <dd className="text-muted">{children}</dd>
    </div>
  )
}
