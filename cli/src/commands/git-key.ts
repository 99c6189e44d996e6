import { endpoints, type GitSshKey } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, oneText } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { visibleText } from '../output/visible.ts'

const columns: readonly Column<GitSshKey>[] = [
  { name: 'public_key', value: (key) => key.public_key, priority: 0 },
  instantColumn('made', (key) => key.updated_at, 1),
]
const params = { user: 'me' }

export async function showGitKey(context: Context): Promise<Answer> {
  const client = await context.client()
  return answer(await client.call(endpoints.getGitSshKey, { params, signal: context.io.signal }))
}

export async function regenerateGitKey(context: Context): Promise<Answer> {
  await context.confirm('Forget the key so far? Where it was added, your workspaces are refused until the new one is.')
  const client = await context.client()
  return answer(await client.call(endpoints.regenerateGitSshKey, { params, signal: context.io.signal }))
}

const answer = (key: GitSshKey): Answer => oneText(key, visibleText(key.public_key), columns, ({ user_id }) => user_id)
