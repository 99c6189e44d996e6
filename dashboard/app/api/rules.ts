import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** Whose rules: of an organization, or of one of its groups. */
export interface RulesHolder {
  readonly organizationId: string
  readonly groupId: string | null
}

/** How a holder is named to each endpoint of rules. */
export const holderInput = ({ organizationId, groupId }: RulesHolder) => ({
  params: { organization: organizationId },
  query: groupId === null ? {} : { group: groupId },
})

export const aiRules = (holder: RulesHolder) =>
  queryOptions({
    queryKey: ['ai-rules', holder.organizationId, holder.groupId],
    queryFn: ({ signal }) => client.call(endpoints.getAiRules, { ...holderInput(holder), signal }),
  })
