/** Parts of a page by name: what stands between `<!-- NAME -->` and `<!-- end -->`. */
export type PageParts = Readonly<Record<string, () => string>>;

/** The page with its generated parts as they are now, and the names of the parts it has; `keep` leaves those that are not among `parts`. */
export function regenerate(
  page: string,
  parts: PageParts,
  others: 'keep' | 'refuse' = 'refuse',
): { text: string; names: string[] } {
  const names: string[] = [];
  const text = page.replace(/<!-- (\w+) -->[\s\S]*?<!-- end -->/g, (whole, name: string) => {
    names.push(name);
    if (others === 'keep' && !Object.hasOwn(parts, name)) return whole;
    return `<!-- ${name} -->\n${parts[name]?.() ?? 'no such part'}\n<!-- end -->`;
  });
  return { text, names: names.sort() };
}

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
