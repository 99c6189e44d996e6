import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { agentSettings, type Connection, type InUse } from './agent-settings.ts'
import { askBridge } from './ask-bridge.ts'
import type { otherAgents } from './other-agents.ts'
import { readSettings, refuseUnwritable, replaceSettings } from './settings-file.ts'

/** What came of one file. */
interface Written {
  readonly file: string
  readonly changed: boolean
  /** The names of the settings that are not as they were. */
  readonly settings: readonly string[]
  readonly backup: string | null
}

const columns: readonly Column<Written>[] = [
  { name: 'file', value: (row) => row.file, priority: 0 },
  { name: 'changed', value: (row) => row.changed, priority: 0 },
  { name: 'settings', value: (row) => row.settings.join(', '), priority: 0 },
  { name: 'backup', value: (row) => row.backup, priority: 0 },
]

interface Wanted {
  readonly baseUrl: string
  /** Whether the token that is there will do. */
  readonly mayKeepToken: boolean
  makeToken(): Promise<string>
}

/** Puts the bridge into an agent's own settings, so that it needs nothing of the shell. */
export async function writeAgent(
  context: Context,
  { name, title, models }: (typeof otherAgents)[number],
  { baseUrl, mayKeepToken, makeToken }: Wanted,
): Promise<Answer> {
  const { io } = context
  const { files, written, inUse, signIn } = agentSettings[name]
  const read = await Promise.all((await files(io)).map(async (one) => ({ ...one, ...(await readSettings(one.file)) })))
  // Tried first: a file that cannot be merged is found before a token is made for it.
  for (const { text, edit } of read) edit(text ?? '', { base_url: baseUrl, token: 'token' })
  for (const one of read) await refuseUnwritable(one)

  const { url, token: own } = await written(io)
  const isOwn = read.some(({ file }) => file === url?.from && file === own?.from) && url?.value === baseUrl
  const ask = { agent: name, models }
  const isKept = mayKeepToken && isOwn && own !== null && (await askBridge(baseUrl, own.value, io.signal, ask)).ok
  const connection: Connection = { base_url: baseUrl, token: isKept ? own.value : await makeToken() }

  const rows: Written[] = []
  for (const { file, secret, edit, target, text, mode } of read) {
    const edited = edit(text ?? '', connection)
    const isOpen = secret && (mode & 0o077) !== 0
    const settings = [...edited.names, ...(isOpen ? ['who may read it'] : [])]
    const changed = settings.length > 0
    const backup = changed
      ? await replaceSettings({ target, text, mode }, edited.text, io.clock.now(), secret ? 0o600 : mode)
      : null
    if (changed && secret && target !== file) context.note(`${target} holds a token now: keep it out of git`)
    rows.push({ file, changed, settings, backup })
  }
  noteWhatWins(context, title, await inUse(io), connection)
  const chosen = (await signIn?.chosen(io)) ?? null
  if (chosen !== null && chosen.value !== signIn?.wanted)
    context.note(`warning: ${chosen.from} has "${chosen.value}" for ${signIn?.setting}, which wins here`)
  return table(rows, columns, (row) => row.file, '')
}

/** Settings that this shell or this folder puts before those that were written. */
function noteWhatWins({ note }: Context, title: string, { url, token }: InUse, connection: Connection): void {
  if (url === null || token === null)
    note(`warning: ${title} does not read its own settings in this folder: a .env that is nearer comes first`)
  if (url !== null && url.value !== connection.base_url)
    note(`warning: ${url.from} gives another address, which wins here: ${url.value}`)
  if (token !== null && token.value !== connection.token)
    note(`warning: ${token.from} gives another token, which wins here`)
}
