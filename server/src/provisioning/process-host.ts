/**
 * Keeps processes of workspaces on the machine that the server runs on, each in a jail. What a workspace calls its home
 * outlives them. Everything is found by the id of the workspace, which the server knows, and not by what a state says.
 */
export interface ProcessHost {
  /** Names this machine, and stays the same. */
  readonly id: string
  /** Why nothing can be started here; null where it can. What runs already can be stopped all the same. */
  readonly refusal: { readonly problem: string; readonly fix: string } | null
  /** Makes it where there is none. */
  openHome(workspaceId: string): Promise<Home>
  removeHome(workspaceId: string): Promise<void>
  /** Gives the id of the process, by which it is known again after this server has ended. */
  start(workspaceId: string, order: ProcessOrder): Promise<string>
  isRunning(workspaceId: string, processId: string): Promise<boolean>
  /** Asks it to end, and ends what is left of it after a while. Nothing runs any more when this has succeeded. */
  stop(workspaceId: string): Promise<void>
}

export interface Home {
  /** As the processes see it. */
  readonly path: string
  /** No other home has the same: all processes of this machine may share its loopback. */
  readonly port: number
}

export interface ProcessOrder {
  /** What it is called among machines. */
  readonly hostname: string
  /** Run by a shell inside of the jail. */
  readonly script: string
  readonly env: Readonly<Record<string, string>>
  /** What it may use at most; null for what the host gives by itself. */
  readonly memoryBytes: number | null
  readonly cpus: number | null
}
