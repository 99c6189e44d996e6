import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Tier } from '@reeve/policy'

/** What the command runs in. It ends with the command, and the command ends with it. */
export interface Jail extends AsyncDisposable {
  readonly tier: Tier
  /** How it is made, in one word of the record: `namespaces`, `filter`, `environment`. */
  readonly name: string
  /** The process that all processes of the sandbox descend from, in the supervisor's view. */
  readonly pid: number
  readonly ended: Promise<Exit>
  /** Passes a signal on to the command. */
  signal(name: NodeJS.Signals): void
}

/** One of the two is there. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a connection wanted to go. */
export interface Destination {
  readonly address: string
  readonly port: number
}

/** Who did it, in the supervisor's view. What was gone before it could be asked for is null or empty. */
export interface Caller {
  /** 0 where the process was gone. */
  readonly pid: number
  readonly exe: string | null
  readonly argv: readonly string[]
  /** The program and its parents, the nearest first. */
  readonly exes: readonly string[]
  /** Base names of the same, the outermost first. */
  readonly tree: readonly string[]
}

/** Whom the jail tells what the sandbox does. */
export interface JailHooks {
  connection(socket: Socket, destination: Destination, who: () => Promise<Caller>): void
  /** A question to the name server, answered at once; null gets no answer. */
  names(query: Buffer): Buffer | null
  /** Questions to the name server over a connection. */
  namesOverTcp(socket: Socket): void
  /** The stream of what the system-call filter holds up, and the process that all of the sandbox descend from. */
  notifications(control: Duplex, first: number): void
  /** The command was stopped by a signal, and waits to be continued. */
  stopped(): void
}

/** What runs, and with what. */
export interface Run {
  /** The program's name or path and its arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}
