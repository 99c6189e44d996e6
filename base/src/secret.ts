const inspect = Symbol.for('nodejs.util.inspect.custom')

/** A value that must not be printed. Wherever it ends up in a log, a message or JSON, it reads `[secret]`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Every call site of this method is a place where a secret leaves its wrapper. */
  reveal(): string {
    return this.#value
  }

  /** A few characters from both ends, enough to tell two keys apart and too few to use one. */
  hint(): string {
    const shown = this.#value.length >= 20 ? 4 : this.#value.length >= 10 ? 2 : 0
    return shown === 0 ? '...' : `${this.#value.slice(0, shown)}...${this.#value.slice(-shown)}`
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect](): string {
    return '[secret]'
  }
}
