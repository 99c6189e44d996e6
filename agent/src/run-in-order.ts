import type { AgentManifest, AgentScriptStatus } from '@reeve/sdk'

type Script = AgentManifest['scripts'][number]

interface Doing {
  run(script: Script): Promise<AgentScriptStatus>
  /** `other` is why: it had to succeed first. */
  skip(script: Script, other: Script): AgentScriptStatus
}

/** Runs scripts side by side, each as soon as all is over that it waits for. Nothing waits for itself: the server saw to it. */
export function runInOrder(
  scripts: readonly Script[],
  stage: 'start' | 'stop',
  { run, skip }: Doing,
): Promise<AgentScriptStatus[]> {
  const known = new Map(scripts.filter(({ id }) => id !== '').map((script) => [script.id, script]))
  const ends = new Map<Script, Promise<AgentScriptStatus>>()
  const endOf = (script: Script): Promise<AgentScriptStatus> => {
    const begun = ends.get(script) ?? afterOthers(script)
    ends.set(script, begun)
    return begun
  }
  async function afterOthers(script: Script): Promise<AgentScriptStatus> {
    const failed = await Promise.all(
      script.after.map(async ({ script: id, stage: of, requires }) => {
        const other = of === stage ? known.get(id) : undefined
        if (other === undefined) return []
        const status = await endOf(other)
        return requires === 'completion' || succeeded(status) ? [] : [other]
      }),
    )
    const [reason] = failed.flat()
    return reason === undefined ? run(script) : skip(script, reason)
  }
  return Promise.all(scripts.map(endOf))
}

/** One that left something running in the background has done its work. */
const succeeded = (status: AgentScriptStatus): boolean => status === 'ok' || status === 'pipes_left_open'
