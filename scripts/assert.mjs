// Stands in for Node's `assert`, of which yargs takes two functions: it takes 1.5 ms to load at the start of every command, and
// as long again to lay out the error of an assertion that yargs catches.

/** Throws an error with `message` where both are the same. */
export function notStrictEqual(actual, expected, message) {
  if (Object.is(actual, expected)) throw new Error(message ?? `expected other than ${expected}`);
}

/** Throws an error with `message` where they are not the same. */
export function strictEqual(actual, expected, message) {
  if (!Object.is(actual, expected))
    throw new Error(message ?? `expected ${expected}, found ${actual}`);
}
