/** Work of one name is done one after the other; work of others meanwhile. */
export function turnsByName(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<void>>()
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work)
    const settled: Promise<void> = mine.then(
      () => {},
      () => {},
    )
    last.set(name, settled)
    void settled.then(() => last.get(name) === settled && last.delete(name))
    return mine
  }
}
