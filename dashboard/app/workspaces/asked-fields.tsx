import type { Fault } from '@reeve/base'
import type { TemplateVersionParameter } from '@reeve/sdk'
import { faultOf } from '../api/query-client.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { ParameterField } from './parameter-field.tsx'
import type { useAsked } from './use-asked.ts'

/** The fields of what a version asks, and what is wrong with what stands in them. */
export function AskedFields({
  asked,
  parameters,
  round,
  fault,
}: {
  asked: ReturnType<typeof useAsked>
  /** Those of them that can be chosen here. */
  parameters: readonly TemplateVersionParameter[]
  /** Another one begins with fields as they were. */
  round: string
  fault: Fault | null
}) {
  const { error, isReady, problems, shown, refetch, onChange } = asked
  return (
    <div className="space-y-4" onChange={onChange}>
      {error !== null && (
        <FaultNotice what="What the template asks could not be read" fault={faultOf(error)} onRetry={refetch} />
      )}
      {!isReady && error === null && <p className="late text-muted">Reading what the template asks …</p>}
      {problems.length > 0 && (
        <div role="status" className="text-warn">
          {problems.map((text) => (
            <HostileText key={text} text={text} />
          ))}
        </div>
      )}
      {parameters.map((parameter) => (
        <ParameterField
          key={[round, parameter.name, ...parameter.options.map(({ value }) => value)].join(' ')}
          parameter={parameter}
          value={shown(parameter)}
          fault={fault}
        />
      ))}
    </div>
  )
}
