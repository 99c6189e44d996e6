/**
 * What is open at the moment, for counting it and for closing it. An array whose gaps are filled from its end, and not a
 * Set: where thousands of short-lived things come and go, the grown tables that V8's Map and Set leave behind hold on to
 * young garbage until the next full collection, which at small requests cost more than everything else the bridge does.
 */
export interface OpenList<T> {
  enter(item: T): OpenPlace<T>
  leave(place: OpenPlace<T>): void
  readonly items: readonly OpenPlace<T>[]
}

export interface OpenPlace<T> {
  readonly item: T
  at: number
}

export function createOpenList<T>(): OpenList<T> {
  const items: OpenPlace<T>[] = []
  return {
    items,
    enter(item) {
      const place = { item, at: items.length }
      items.push(place)
      return place
    },
    leave(place) {
      if (items[place.at] !== place) return
      const last = items.pop()!
      if (last === place) return
      items[place.at] = last
      last.at = place.at
    },
  }
}
