import { TwinbankError } from '../../diagnostics/error.ts';

/**
 * An HTTP or HTTPS address; throws `update.url` (kind `usage`) for anything else, without repeating it, as it
 * may hold a password.
 */
export function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !isHttp(url) || !credentialsDecode(url)) {
    throw new TwinbankError(
      'usage',
      'update.url',
      'expected an http:// or https:// URL, found another',
    );
  }
  return url;
}

/** What an address is called in messages: without user, password, and the query, which may hold a token. */
export function publicName(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?...'}`;
}

/**
 * Where a redirect leads to. Another server does not get the user and password of this one. Throws
 * `update.redirect` (kind `io`) for what is not HTTP, and for a way from HTTPS out into the open.
 */
export function redirectTarget(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const fail = (found: string): TwinbankError => {
    const message = `${publicName(from)}: expected a redirect to an http:// or https:// URL, found ${found}`;
    return new TwinbankError('io', 'update.redirect', message);
  };
  if (!to || !isHttp(to) || !credentialsDecode(to)) throw fail('another');
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw fail(`one from https to ${publicName(to)}`);
  }
  if (to.origin === from.origin && to.username === '') {
    to.username = from.username;
    to.password = from.password;
  }
  return to;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/** Node decodes user and password for the request's header, and fails where they are not encoded rightly. */
function credentialsDecode({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}
