import { z } from 'zod'
import { Id } from './common.ts'

/**
 * Streams through the agent of a workspace, which the control plane opens over the agent's one connection: binary
 * messages, as `multiplex` of the package base writes them. The header of each is one of these, as JSON; what follows is
 *
 *   tcp        the bytes of a connection to 127.0.0.1 in the workspace
 *   process    records (`process-records.ts`): what is typed and how large the terminal is, what is shown, how it ended
 *   ports      `ListeningPorts` as JSON, and the end
 *   containers `WorkspaceContainers` as JSON, and the end
 */
export const TerminalSize = z.object({
  columns: z.number().int().min(1).max(1_000),
  rows: z.number().int().min(1).max(1_000),
})
export type TerminalSize = z.infer<typeof TerminalSize>

export const StreamHeader = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tcp'), port: z.number().int().min(1).max(65_535) }),
  z.object({
    kind: z.literal('process'),
    command: z.string().max(16_384).describe('For the shell of the workspace; empty for the shell itself.'),
    terminal: TerminalSize.nullable().describe('Null: a process with pipes, standard error apart.'),
    session: Id.nullable().describe('A terminal that outlives its connection, and is found again under this id.'),
  }),
  z.object({ kind: z.literal('ports') }),
  z.object({ kind: z.literal('containers') }),
])
export type StreamHeader = z.infer<typeof StreamHeader>

export const ListeningPort = z.object({ port: z.number().int(), network: z.literal('tcp'), process_name: z.string() })
export type ListeningPort = z.infer<typeof ListeningPort>

export const ListeningPorts = z.object({ ports: z.array(ListeningPort).max(1_000) })
export type ListeningPorts = z.infer<typeof ListeningPorts>
