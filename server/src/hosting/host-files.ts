import { randomUUID } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Account, homePath } from './jail.ts'

/** Kept with the homes: a container that is made anew over the same disk has another name. */
export async function hostId(folder: string): Promise<string> {
  const path = join(folder, 'host')
  await writeFile(path, `${hostname()}-${randomUUID().slice(0, 8)}`, { flag: 'wx' }).catch(() => {})
  return (await readFile(path, 'utf8')).trim()
}

/** Who the processes are, by a name: the system does not tell, as its accounts are not shown. */
export async function writeUser(
  folder: string,
  account: Account | null,
): Promise<{ readonly passwd: string; readonly group: string }> {
  const [uid, gid] = [account?.uid ?? process.getuid?.() ?? 0, account?.gid ?? process.getgid?.() ?? 0]
  const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')]
  const nobody = uid === 65534 ? '' : 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n'
  await writeFile(passwd, `user:x:${uid}:${gid}::${homePath}:/bin/sh\n${nobody}`)
  await writeFile(group, `user:x:${gid}:\n${gid === 65534 ? '' : 'nogroup:x:65534:\n'}`)
  for (const path of [passwd, group]) await chmod(path, 0o644)
  return { passwd, group }
}
