import { WorkspaceStatus } from '@reeve/sdk'
import { readTerms } from '../http/read-terms.ts'
import type { WorkspaceFilter } from './queries.ts'

/** The `q` of the list: `owner:me status:running,failed template:agent-small`; a term without a key is in the name. */
export function readSearch(q: string, me: string): WorkspaceFilter {
  const terms = readTerms(q, ['owner', 'template', 'name', 'status', 'dormant', 'outdated', 'shared'])
  const statuses = terms.of('status').flatMap((text) => {
    const { success, data } = WorkspaceStatus.safeParse(text.toLowerCase())
    if (!success) terms.bad(`status is one of ${WorkspaceStatus.options.join(', ')}, not ${text}`)
    return success ? [data] : []
  })
  const yesOrNo = (key: 'dormant' | 'outdated' | 'shared'): boolean | null => {
    const [first, ...more] = terms.of(key)
    if (first !== undefined && (more.length > 0 || !/^(?:true|false)$/i.test(first)))
      terms.bad(`${key} is true or false`)
    return first === undefined ? null : first.toLowerCase() === 'true'
  }
  const flags = { isDormant: yesOrNo('dormant'), isOutdated: yesOrNo('outdated'), isShared: yesOrNo('shared') }
  terms.demandGood()
  return {
    owners: terms.of('owner').map((name) => (name === 'me' ? me : name)),
    templates: terms.of('template'),
    names: terms.of('name'),
    statuses,
    words: terms.words,
    ...flags,
  }
}
