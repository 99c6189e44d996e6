import { type Clock, Fault, systemClock, uuidv7 } from '@reeve/base'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { logBytesMax } from './job-log.ts'
import { cancelJob, followLines } from './jobs.ts'
import { claimJob, findJob, lockJob, selectLines, selectPositions } from './queries.ts'
import { hasEnded, jobWorld } from './testing.ts'
import { abandonedMessage, type JobResult } from './worker.ts'

const done: JobResult = { error: null, errorCode: null }
const line = (output: string) => ({ at: new Date(), source: 'provisioner', level: 'info', stage: 'plan', output })

test('of many jobs and several replicas each is done once, what somebody waits for first', async () => {
  await using world = await jobWorld()
  const ids = await Promise.all(Array.from({ length: 20 }, () => world.enqueue()))
  const urgent = await world.enqueue({ priority: 1 })
  expect((await selectPositions(world.db.sql, [urgent, ids[0]!])).positions.get(urgent)).toBe(1)
  const seen: string[] = []
  const run = async ({ id }: { readonly id: string }): Promise<JobResult> => {
    seen.push(id)
    return done
  }
  await using _first = await world.worker(run)
  await using _second = await world.worker(run)
  for (const id of [...ids, urgent]) expect((await world.until(id, hasEnded)).status).toBe('succeeded')
  expect(seen.toSorted()).toEqual([...ids, urgent].toSorted())
  expect(seen.indexOf(urgent)).toBeLessThan(4)
})

test('a fault is told to whoever started the job; what else is thrown is told to the log alone', async () => {
  await using world = await jobWorld()
  const known = await world.enqueue({ input: { message: 'there is no main.tf' } })
  const unknown = await world.enqueue({ input: {} })
  await using _worker = await world.worker(async ({ input }) => {
    // SAFETY: as enqueued above.
    const { message } = input as { readonly message?: string }
    throw message === undefined ? new Error('secret of the house') : new Fault('invalid', message)
  })
  expect(await world.until(known, hasEnded)).toMatchObject({ status: 'failed', error: 'there is no main.tf' })
  expect((await world.until(unknown, hasEnded)).error).not.toContain('secret')
})

test('a job that waits is ended by its cancellation, and one that has ended is not canceled', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  await world.db.transaction((tx) => cancelJob(tx, id, new Date()))
  expect((await findJob(world.db.sql, id))?.status).toBe('canceled')
  await expect(world.db.transaction((tx) => cancelJob(tx, id, new Date()))).rejects.toThrow('has ended already')
})

test('a running job is asked to end, and is ended where it does not', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const heard: string[] = []
  await using _worker = await world.worker(
    async (_, { signal, force }) => {
      signal.addEventListener('abort', () => heard.push('cancel'))
      await new Promise<void>((resolve) => force.addEventListener('abort', () => resolve()))
      heard.push('force')
      return { error: 'killed', errorCode: null }
    },
    { forceAfterMs: 50 },
  )
  await world.until(id, ({ status }) => status === 'running')
  await world.db.transaction((tx) => cancelJob(tx, id, new Date()))
  expect((await world.until(id, hasEnded)).status).toBe('canceled')
  expect(heard).toEqual(['cancel', 'force'])
})

test('what a job writes at its end is there with the end, or not at all', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  let tries = 0
  await using _worker = await world.worker(async () => ({
    ...done,
    async write(tx) {
      await tx.updateTable('organizations').set({ description: 'written' }).execute()
      if (tries++ === 0) throw new Error('the connection broke')
    },
  }))
  expect((await world.until(id, hasEnded)).status).toBe('succeeded')
  expect(tries).toBe(2)
  const { description } = await world.db.sql.selectFrom('organizations').select('description').executeTakeFirstOrThrow()
  expect(description).toBe('written')
})

test('a job whose worker is gone is given up, and whoever knows its kind is told in the same transaction', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const gone = { id: uuidv7(new Date()), name: 'gone' }
  await claimJob(world.db.sql, ['test'], gone, new Date(), -1)
  let told = ''
  const run = async (): Promise<JobResult> => done
  const abandoned = async (_: unknown, job: { readonly id: string }): Promise<void> => {
    told = job.id
  }
  await using _worker = await world.worker(run, { handlers: { test: { run, abandoned } } })
  expect(await world.until(id, hasEnded)).toMatchObject({ status: 'failed', error: abandonedMessage })
  expect(told).toBe(id)
})

test('a worker gives up no job of a kind that it does not know', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const gone = { id: uuidv7(new Date()), name: 'gone' }
  await claimJob(world.db.sql, ['test'], gone, new Date(), -1)
  const run = async (): Promise<JobResult> => done
  await using _other = await world.worker(run, { handlers: { other: { run } }, times: { beatMs: 20, lookMs: 20 } })
  // It has looked more than once by the time that it did something of its own.
  for (let turn = 0; turn < 3; turn++) await world.until(await world.enqueue({ type: 'other' }), hasEnded)
  expect((await findJob(world.db.sql, id))?.status).toBe('running')
})

test('a worker that comes back after its job was given up is stopped, and changes nothing', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  let written = false
  const worker = await world.worker(
    async (_, { force }) => {
      await new Promise<void>((resolve) => force.addEventListener('abort', () => resolve()))
      return {
        ...done,
        async write() {
          written = true
        },
      }
    },
    { times: { beatMs: 50, lookMs: 50 } },
  )
  await world.until(id, ({ status }) => status === 'running')
  const other = uuidv7(new Date())
  await world.db.sql.updateTable('provisioner_jobs').set({ worker_id: other }).where('id', '=', id).execute()
  await worker[Symbol.asyncDispose]()
  expect(written).toBe(false)
  expect((await findJob(world.db.sql, id))?.status).toBe('running')
})

test('a worker that cannot renew its lease ends its work before the lease is over', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const ended = Promise.withResolvers<void>()
  await using _worker = await world.worker(
    async (_, { force }) => {
      await world.db.transaction(async (tx) => {
        // The database is there, and does not answer.
        await lockJob(tx, id)
        await new Promise<void>((resolve) => force.addEventListener('abort', () => resolve()))
        const { rows } = await sql<{ isHeld: boolean }>`
          select lease_until > clock_timestamp() as "isHeld" from provisioner_jobs where id = ${id}`.execute(tx)
        expect(rows).toEqual([{ isHeld: true }])
      })
      ended.resolve()
      return { error: 'it was ended', errorCode: null }
    },
    { leaseMs: 2_000, times: { beatMs: 50, lookMs: 50 } },
  )
  await ended.promise
  expect(await world.until(id, hasEnded)).toMatchObject({ status: 'failed' })
})

test('clocks of servers that differ take no job from anybody', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const finish = Promise.withResolvers<void>()
  const wait = async (): Promise<JobResult> => {
    await finish.promise
    return done
  }
  await using _worker = await world.worker(wait, { count: 1 })
  await world.until(id, ({ status }) => status === 'running')
  const ahead: Clock = { ...systemClock, now: () => new Date(Date.now() + 3_600_000) }
  const looks = { clock: ahead, times: { beatMs: 20, lookMs: 20 } }
  await using _other = await world.worker(async () => done, looks)
  const next = await world.enqueue()
  await world.until(next, hasEnded)
  expect((await findJob(world.db.sql, id))?.status).toBe('running')
  finish.resolve()
  expect(await world.until(id, hasEnded)).toMatchObject({ status: 'succeeded' })
})

test('what a job says is followed live, in order, to the end', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const next = Promise.withResolvers<void>()
  await using _worker = await world.worker(async (_, { line: say }) => {
    say(line('\u001b[31mred\u001b[0m and \u0007bell'))
    await next.promise
    for (let number = 1; number <= 1_200; number++) say(line(`line ${number}`))
    return done
  })
  const seen: string[] = []
  for await (const { output } of followLines(world, id, 0, new AbortController().signal)) {
    seen.push(output)
    next.resolve()
  }
  expect(seen.slice(0, 2)).toEqual(['red and \uFFFDbell', 'line 1'])
  expect(seen).toHaveLength(1_201)
  const middle = await selectLines(world.db.sql, id, { after: 600, before: 603, limit: 10 })
  expect(middle.map(({ output }) => output)).toEqual(['line 600', 'line 601'])
})

test('a log has an end, and says so', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  await using _worker = await world.worker(async (_, { line: say }) => {
    for (let number = 0; number < 200; number++) say(line('x'.repeat(10_000)))
    return done
  })
  const job = await world.until(id, hasEnded)
  expect(job.log_overflowed).toBe(true)
  expect(job.log_bytes).toBeLessThan(logBytesMax + 20_000)
  const lines = await selectLines(world.db.sql, id, { after: 0, before: null, limit: 1_000 })
  expect(lines.at(-1)?.output).toContain('larger than 1 MiB')
})

test('a server that stops has its jobs end in order', async () => {
  await using world = await jobWorld()
  const id = await world.enqueue()
  const worker = await world.worker(
    (_, { signal }) =>
      new Promise<JobResult>((resolve) =>
        signal.addEventListener('abort', () => resolve({ error: 'the server stopped', errorCode: null })),
      ),
    { clock: systemClock },
  )
  await world.until(id, ({ status }) => status === 'running')
  await worker[Symbol.asyncDispose]()
  expect(await findJob(world.db.sql, id)).toMatchObject({ status: 'failed', error: 'the server stopped' })
})
