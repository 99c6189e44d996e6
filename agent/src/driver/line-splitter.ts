/** Lines as they become whole. A line longer than `charsMax` is dropped, and counted when it ends. */
export function lineSplitter(charsMax: number): (piece: string) => { lines: string[]; dropped: number } {
  let unfinished: string[] = []
  let chars = 0
  const take = (piece: string): void => {
    chars += piece.length
    if (chars > charsMax) unfinished = []
    else unfinished.push(piece)
  }
  return (piece) => {
    const lines: string[] = []
    let dropped = 0
    let from = 0
    for (let at = piece.indexOf('\n'); at !== -1; at = piece.indexOf('\n', from)) {
      take(piece.slice(from, at))
      from = at + 1
      if (chars > charsMax) dropped++
      else lines.push(unfinished.join(''))
      unfinished = []
      chars = 0
    }
    take(piece.slice(from))
    return { lines, dropped }
  }
}
