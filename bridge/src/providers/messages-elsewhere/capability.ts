/** What a model takes at a provider, whatever it takes at Anthropic. What is not said is as the built-in table has it. */
export interface Capability {
  /** Which of the provider's models it is about; `*` stands for anything. */
  readonly models: string
  /** Betas that are passed on. */
  readonly betas?: readonly string[] | undefined
  /** How thinking is asked for: with a budget, adaptively, or as the client says. */
  readonly thinking?: 'budget' | 'adaptive' | 'any' | undefined
  /** Members of the body that are left out, also of the objects in it (`output_config.format`) and in its lists. */
  readonly omit?: readonly string[] | undefined
  /** Members that are left out unless a beta is asked for and passed on. */
  readonly needs?: Readonly<Record<string, string>> | undefined
}

export type KnownCapability = { readonly [K in keyof Capability]-?: NonNullable<Capability[K]> }
