/**
 * Makes a lock within this process: work that is given to it begins when all that was given before is over,
 * however that ended. Work that gives it more and waits for that waits for ever.
 */
export function mutex(): <T>(work: () => T | Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}
