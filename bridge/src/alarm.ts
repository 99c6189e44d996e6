/** Into so many parts the time is divided after which nothing has moved for too long. */
const parts = 4

/**
 * One thing that is to be done later, unless something else comes first. To begin a timer anew with each event of a stream
 * costs more than most of what is done with one, so `moved` only says that it came: idleness is counted in parts of its
 * time, and noticed up to one part late.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined
  #quiet = 0

  /** In place of whatever was set before. */
  after(ms: number, act: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(act, ms)
  }

  /** Once `moved` was not called for so long. */
  whenIdle(ms: number, act: () => void): void {
    this.#quiet = 0
    const tick = (): void => {
      if (++this.#quiet > parts) act()
      else this.after(ms / parts, tick)
    }
    tick()
  }

  moved(): void {
    this.#quiet = 0
  }

  off(): void {
    clearTimeout(this.#timer)
  }
}
