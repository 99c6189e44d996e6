import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOpenList, type OpenPlace } from './open-list.ts'

test('the list holds what entered and did not leave, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(-1), fc.nat(30)), { maxLength: 100 }), (steps) => {
      const list = createOpenList<number>()
      const model = new Map<number, OpenPlace<number>>()
      for (const [i, step] of steps.entries()) {
        if (step === -1) model.set(i, list.enter(i))
        else {
          const place = [...model.values()][step % Math.max(1, model.size)]
          if (place === undefined) continue
          list.leave(place)
          // Leaving twice takes nobody else away.
          list.leave(place)
          model.delete(place.item)
        }
      }
      expect(list.items.map(({ item }) => item).sort()).toEqual([...model.keys()].sort())
    }),
  )
})
