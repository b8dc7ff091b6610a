/**
 * A package URL (ECMA-427), in the characters that packageurl-js gives it, which 15 ms of loading (it makes an
 * Intl.Collator, by whose locale it also orders qualifiers) keep out of each build. A test holds the two together.
 */
export function packageUrl(
  type: 'deb' | 'npm' | 'generic',
  namespace: string | undefined,
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string>> = {},
): string {
  const path = [namespace, name].flatMap((part) => part || []).map(encodeURIComponent);
  // A colon and a plus sign of a version stay as they are.
  const of = encodeURIComponent(version).replaceAll('%3A', ':').replaceAll('%2B', '+');
  const query = Object.entries(qualifiers)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('~', '%7E')}`);
  return `pkg:${[type, ...path].join('/')}${of && `@${of}`}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}
