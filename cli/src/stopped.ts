/** Somebody ended the command: Ctrl-C, a signal, or the reader of stdout going away. Not an error; nothing is said. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly exitCode: number

  constructor(why: string, exitCode: number) {
    super(why)
    this.exitCode = exitCode
  }
}

/** As shells count: 128 and the number of the signal. */
export const interrupted = () => new Stopped('interrupted', 130)
export const terminated = () => new Stopped('terminated', 143)
export const readerGone = () => new Stopped('nobody reads the answer', 141)
