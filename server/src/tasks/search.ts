import { TaskStatus } from '@reeve/sdk'
import { readTerms } from '../http/read-terms.ts'
import type { LabelTerm, TaskFilter } from './queries.ts'

/** The `q` of the list: `owner:me status:active,paused label:pipeline=812`; a term without a key is in the name. */
export function readSearch(q: string, me: string): TaskFilter {
  const terms = readTerms(q, ['owner', 'organization', 'status', 'template', 'label'])
  const statuses = terms.of('status').flatMap((text) => {
    const { success, data } = TaskStatus.safeParse(text.toLowerCase())
    if (!success) terms.bad(`status is one of ${TaskStatus.options.join(', ')}, not ${text}`)
    return success ? [data] : []
  })
  terms.demandGood()
  return {
    owners: terms.of('owner').map((name) => (name === 'me' ? me : name)),
    organizations: terms.of('organization'),
    templates: terms.of('template'),
    statuses,
    // What has to be so beside another label is a term of its own.
    labels: terms.each('label').map((values) => values.map(labelTerm)),
    words: terms.words,
  }
}

function labelTerm(text: string): LabelTerm {
  const [key = '', ...rest] = text.split('=')
  return { key, value: rest.length === 0 ? null : rest.join('=') }
}
