import { definitionOf, type EventName, type Method, methods } from '../outbox/events.ts'

/** By which methods somebody is told of an event: a decision, without the database. */

export interface Choices {
  /** What the deployment can do; the inbox always. */
  readonly available: readonly Method[]
  /** The one method beside the inbox that an administrator chose for the event. */
  readonly override: Method | null
  /** What the person chose. */
  readonly own: ReadonlyMap<Method, boolean>
}

export interface MethodChoice {
  readonly method: Method
  readonly enabled: boolean
  readonly isDefault: boolean
}

/** An override leaves the inbox and the chosen method; whether these are on is still the person's, where he may choose. */
export function methodChoices(event: EventName, { available, override, own }: Choices): MethodChoice[] {
  const { on, switchedOffBy } = definitionOf(event)
  return methods
    .filter((method) => available.includes(method))
    .filter((method) => override === null || method === 'inbox' || method === override)
    .map((method) => {
      const byDefault = override === null || method === 'inbox' ? on.includes(method) : true
      const chosen = own.get(method)
      // Where nothing may be switched off, something may still be switched on.
      const counts = chosen !== undefined && (switchedOffBy === 'recipient' || chosen)
      return { method, enabled: counts ? chosen : byDefault, isDefault: !counts || chosen === byDefault }
    })
}

export const enabledMethods = (event: EventName, choices: Choices): Method[] =>
  methodChoices(event, choices)
    .filter(({ enabled }) => enabled)
    .map(({ method }) => method)
