import { createContext } from './context.ts'
import type { Io } from './io.ts'
import { print } from './output/print.ts'
import { styleFor } from './output/style.ts'
import { writerTo } from './output/writer.ts'
import type { Invocation } from './program.ts'
import { Stopped } from './stopped.ts'

/** Runs a command whose words have been read, and prints its answer. */
export async function execute({ command, input, globals }: Invocation, io: Io): Promise<number> {
  const context = createContext(io, globals)
  // SAFETY: the parser made `input` from the same record that types what this command receives.
  const answer = await command.run(context, input as never)
  await print(answer, writerTo(io.stdout), {
    format: globals.format,
    columns: globals.columns,
    screen: {
      style: styleFor(globals.color, io.env, io.tty.stdout),
      width: io.tty.stdout ? io.columns() : null,
      now: io.clock.now(),
      timeZone: globals.timeZone,
    },
    signal: io.signal,
    note: context.note,
  })
  const reason: unknown = io.signal.reason
  return reason instanceof Stopped ? reason.exitCode : (answer.exitCode ?? 0)
}
