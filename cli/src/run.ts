import { version } from './version.ts'
import type { Io } from './io.ts'
import { Stopped } from './stopped.ts'

/**
 * One command from its words to its exit code. Loads what the command needs and nothing before it is needed: a person
 * who asks for the version should not wait for an HTTP client.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    io.stdout.write(`${version}\n`)
    return 0
  }
  if (argv[0] === '__complete') {
    const { complete } = await import('./complete.ts')
    io.stdout.write(
      complete(argv.slice(1))
        .map((candidate) => `${candidate}\n`)
        .join(''),
    )
    return 0
  }
  try {
    const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
    if (asksForHelp(words) && wantsJson(words)) {
      const { commandSchema } = await import('./schema.ts')
      io.stdout.write(`${JSON.stringify(commandSchema(words), null, 2)}\n`)
      return 0
    }
    const { parseCommandLine } = await import('./program.ts')
    const parsed = parseCommandLine(words, io.tty.stdout ? io.columns() : 100)
    if ('help' in parsed) {
      const { writerTo } = await import('./output/writer.ts')
      await writerTo(parsed.asked ? io.stdout : io.stderr).write(parsed.help)
      return parsed.asked ? 0 : 2
    }
    const { execute } = await import('./execute.ts')
    return await execute(parsed, io)
  } catch (thrown) {
    return await fail(thrown, argv, io)
  }
}

async function fail(thrown: unknown, argv: readonly string[], io: Io): Promise<number> {
  if (thrown instanceof Stopped) return thrown.exitCode
  const reason: unknown = io.signal.reason
  if (reason instanceof Stopped) return reason.exitCode
  const { describeFailure, showFailure, showOrigin } = await import('./failure.ts')
  const { styleFor } = await import('./output/style.ts')
  const { matchedWords } = await import('./find-command.ts')
  const failure = describeFailure(thrown, matchedWords(argv).join(' '))
  io.stderr.write(showFailure(failure, wantsJson(argv), styleFor('auto', io.env, io.tty.stderr)))
  if (argv.includes('--verbose') || argv.includes('-v')) io.stderr.write(showOrigin(thrown))
  return failure.exit_code
}

/** Told from the words alone: it has to be known even when they cannot be parsed. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some((word, i) => {
    const value = word === '-o' || word === '--output' ? argv[i + 1] : /^(?:-o|--output=)(.+)$/.exec(word)?.[1]
    return value === 'json' || value === 'jsonl'
  })
}

const asksForHelp = (argv: readonly string[]): boolean => argv.includes('--help') || argv.includes('-h')
