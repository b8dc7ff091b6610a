/**
 * The links of a merged /usr, which the base's module `agents` brings, and where each leads from the root. All programs,
 * libraries and drivers are reached through them: nothing that is laid over the base may hide one.
 */
export const systemLinks: ReadonlyMap<string, string> = new Map([
  ['bin', 'usr/bin'],
  ['sbin', 'usr/bin'],
  ['lib', 'usr/lib'],
  ['lib64', 'usr/lib64'],
  ['usr/sbin', 'usr/bin'],
]);

/** The link that a path goes through, and the path without it: `lib` and `usr/lib/x` of `lib/x`. */
export function throughLink(path: string): { link: string; direct: string } | undefined {
  for (const [link, target] of systemLinks) {
    if (path.startsWith(`${link}/`)) return { link, direct: target + path.slice(link.length) };
  }
  return undefined;
}
