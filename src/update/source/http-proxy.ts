import { BlockList, isIP } from 'node:net';
import { TwinbankError } from '../../diagnostics/error.ts';

/** A server that asks others for us. */
export interface HttpProxy {
  /** For messages: without user and password. */
  readonly name: string;
  readonly address: { readonly hostname: string; readonly port: number };
  /** What it wants to know of us; no header where it does not. */
  readonly authorization: { readonly 'Proxy-Authorization'?: string };
}

export type ProxyFor = (url: URL) => HttpProxy | undefined;

/**
 * The proxies of an environment, by the variables that curl and others know: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in
 * capitals as well. Throws `update.proxy` (kind `usage`) for one that is no HTTP proxy, when it would be asked, and without repeating it, as
 * it may hold a password.
 */
export function proxiesOf(env: Readonly<Record<string, string | undefined>>): ProxyFor {
  const setting = (name: string): string | undefined => env[name] || env[name.toUpperCase()];
  const without = (setting('no_proxy') ?? '').split(/[\s,]+/).filter(Boolean);
  return (url) => {
    if (without.some((entry) => isMeant(entry, url))) return undefined;
    const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
    const variable = setting(name) === undefined ? 'all_proxy' : name;
    const value = setting(variable);
    return value === undefined ? undefined : parseProxy(variable, value);
  };
}

/** The host of an address, an IPv6 one without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

function parseProxy(variable: string, value: string): HttpProxy {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const user = url && decoded(`${url.username}:${url.password}`);
  if (url?.protocol !== 'http:' || user === undefined) {
    const message = `${variable}: expected a proxy such as http://proxy.example.org:3128, found another`;
    throw new TwinbankError('usage', 'update.proxy', message);
  }
  const basic = `Basic ${Buffer.from(user).toString('base64')}`;
  return {
    name: url.origin,
    address: { hostname: hostOf(url), port: portOf(url) },
    authorization: user === ':' ? {} : { 'Proxy-Authorization': basic },
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `*`, a host with all below it, an address, or a network such as 10.0.0.0/8; each but `*` with a port, where that counts. */
function isMeant(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const host = hostOf(url);
  const [, network = '', bits] = /^([\d.]+|[\da-f:]+)\/(\d{1,3})$/i.exec(entry) ?? [];
  if (bits !== undefined) return isWithin(host, network, Number(bits));
  const [, name = entry, port] =
    /^\[?([^\]]*?)\]?:(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? [];
  if (port !== undefined && Number(port) !== portOf(url)) return false;
  const domain = name
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/^\[(.*)\]$/, '$1');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isWithin(host: string, network: string, bits: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(host, type);
}
