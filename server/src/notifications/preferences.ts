import { type Clock, Fault, type Problem, type Uuid } from '@reeve/base'
import type { NotificationPreference } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Executor } from '../db/database.ts'
import type { Scope } from '../http/implement.ts'
import { definitionOf, type EventName, eventNames, isEventName, type Method, methods } from '../outbox/events.ts'
import { preferencesChanged } from './events.ts'
import { selectOverrides, selectPreferences, setPreference } from './inbox-queries.ts'
import { methodChoices } from './routing.ts'

/** Of what a person is told, and how: the catalogue, what an administrator chose, and what the person chose. */

export interface Person {
  readonly id: Uuid
  readonly username: string
  readonly roles: readonly string[]
}

export async function readPreferences(
  db: Executor,
  person: Person,
  available: readonly Method[],
): Promise<NotificationPreference[]> {
  const [rows, overrides] = [await selectPreferences(db, person.id), await selectOverrides(db)]
  return eventNames
    .filter((event) => concerns(event, person))
    .map((event) => {
      const { title, group, switchedOffBy } = definitionOf(event)
      const own = new Map(
        rows
          .filter((row) => row.event === event)
          .flatMap(({ method, enabled }) => asMethod(method).map((m) => [m, enabled])),
      )
      const choices = methodChoices(event, { available, override: asMethod(overrides.get(event))[0] ?? null, own })
      return {
        event,
        title,
        group,
        can_switch_off: switchedOffBy === 'recipient',
        methods: choices.map(({ method, enabled, isDefault }) => ({ method, enabled, is_default: isDefault })),
      }
    })
}

/** Everybody hears of himself; of others and of the operation who has to do with them. */
function concerns(event: EventName, { roles }: Person): boolean {
  const { audience } = definitionOf(event)
  if (event === 'test') return false
  if (audience === 'concerned' || roles.includes('owner')) return true
  return audience === 'user-admins' && roles.includes('user-admin')
}

const asMethod = (text: string | undefined): Method[] => methods.filter((method) => method === text)

export interface PreferenceWish {
  readonly event: string
  readonly method: Method
  readonly enabled: boolean
}

/** All of the wishes or, when one cannot be, none. */
export async function changePreferences(
  { db, clock, available }: { readonly db: Database; readonly clock: Clock; readonly available: readonly Method[] },
  scope: Scope,
  person: Person,
  wishes: readonly PreferenceWish[],
): Promise<NotificationPreference[]> {
  const problems = wishes.flatMap((wish, index) => problemOf(wish, `preferences.${index}`, person))
  if (problems.length > 0) throw new Fault('invalid', 'the preferences were not changed', { problems })
  return db.transaction(async (tx) => {
    const now = clock.now()
    const before = await readPreferences(tx, person, methods)
    const was = ({ event, method }: PreferenceWish) =>
      before.find((one) => one.event === event)?.methods.find((one) => one.method === method)?.enabled ?? false
    const changes = wishes
      .map((wish) => ({ name: `${wish.event} ${wish.method}`, old: was(wish), new: wish.enabled }))
      .filter((change) => change.old !== change.new)
    for (const wish of wishes) await setPreference(tx, person.id, wish, now)
    if (changes.length > 0) await appendAudit(tx, { scope, at: now, ...preferencesChanged(person, changes) })
    return readPreferences(tx, person, available)
  })
}

function problemOf({ event, enabled }: PreferenceWish, field: string, person: Person): Problem[] {
  if (!isEventName(event) || !concerns(event, person)) {
    return [{ field: `${field}.event`, detail: `there is no event ${JSON.stringify(event)} to choose for this person` }]
  }
  if (enabled || definitionOf(event).switchedOffBy === 'recipient') return []
  return [{ field: `${field}.enabled`, detail: `${event} cannot be switched off: nobody may miss it` }]
}
