import type { Clock, Log } from '@reeve/base'
import type { ProcessHost } from '../provisioning/process-host.ts'
import type { ControlGroups } from './control-groups.ts'
import type { JailOptions, OwnNetwork } from './jail.ts'

export interface HostOptions extends Omit<JailOptions, 'network'> {
  /** Where workspaces have their folders; made with its parents. */
  readonly folder: string
  /** Why nothing may be started, whatever would work; null where it may. */
  readonly forbidden: ProcessHost['refusal']
  /** Where every workspace shall have a network of its own; null where they share the machine's. */
  readonly network: { readonly isNeeded: boolean; readonly door: OwnNetwork['door'] } | null
  readonly groups: ControlGroups
  /** For a workspace whose template says nothing of it, where it can be bounded. */
  readonly memoryBytes: number
  /** For how long a process that was asked to end may go on. */
  readonly graceMs: number
  readonly clock: Clock
  readonly log: Log
}
