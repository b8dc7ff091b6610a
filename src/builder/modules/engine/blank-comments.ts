/** Comments that have lines to themselves, and such at the end of a line. */
const ownLines = /^[ \t]*(?:\/\/.*|\/\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*)$/gm;
const lineEnds = /[ \t]\/\/ [^'"`\n]*$/gm;

/**
 * The source with blanks for its comments: every other character stays where it is, so that compiled code fits and errors name the
 * same lines. What looks like a comment may be inside a string, so esbuild has to read the result as the same
 * program; where it does not, the source comes back as it was.
 */
export async function blankComments(source: string): Promise<string> {
  const before = await programOf(source);
  for (const patterns of [[ownLines, lineEnds], [ownLines]]) {
    const blanked = patterns.reduce(
      (text, pattern) => text.replace(pattern, (comment) => comment.replace(/[^\n]/g, ' ')),
      source,
    );
    if (blanked === source) return source;
    if (before !== undefined && (await programOf(blanked)) === before) return blanked;
  }
  return source;
}

/**
 * The program without blanks and comments; undefined for what esbuild cannot read. Node runs a builtin as a function's
 * body. The `return` is for a comment at its end, which esbuild takes for a reason to leave a semicolon.
 */
async function programOf(source: string): Promise<string | undefined> {
  const { transform } = await import('esbuild');
  const options = { minifyWhitespace: true, legalComments: 'none', logLevel: 'silent' } as const;
  const body = `async function builtin() {\n${source}\n;return;\n}`;
  return transform(body, options).then(
    ({ code }) => code,
    () => undefined,
  );
}
