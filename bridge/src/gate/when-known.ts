/** What follows from a value: at once where it is there, so that nobody waits for nothing. */
export function whenKnown<Known, Result>(
  value: Known | Promise<Known>,
  follow: (value: Known) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(follow) : follow(value)
}
