import { CimError, type CimInstance, cimNamespace } from './provider.ts';

/** Names one instance: its class and the values of its keys. */
export interface ObjectPath {
  readonly className: string;
  readonly keys: CimInstance;
}

/**
 * The untyped WBEM URI of an instance without its authority (DSP0207): `root/cimv2:CIM_Fan.DeviceID="1",...`, keys
 * by name.
 */
export function objectPathText({ className, keys }: ObjectPath): string {
  const pairs = Object.entries(keys)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : String(value)}`);
  return `${cimNamespace}:${className}.${pairs.join(',')}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

const keyPattern = /([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|(-?\d+)|(true|false))(,|$)/iy;

/** Reads what {@link objectPathText} writes; the namespace may be left out. Throws CimError. */
export function parseObjectPath(text: string): ObjectPath {
  const [, namespace = cimNamespace, className = '', rest = ''] =
    /^(?:([A-Za-z][\w/]*):)?([A-Za-z]\w*)\.(.*)$/s.exec(text) ?? [];
  if (className === '') throw malformed(text);
  if (namespace.toLowerCase() !== cimNamespace) {
    const message = `expected the namespace ${cimNamespace}, found ${JSON.stringify(namespace)}`;
    throw new CimError('invalid-namespace', message);
  }
  const keys: Record<string, string | number | boolean> = {};
  for (let at = 0; at < rest.length; ) {
    keyPattern.lastIndex = at;
    const match = keyPattern.exec(rest);
    const [whole = '', name = '', string, number, boolean, comma] = match ?? [];
    at += whole.length;
    if (!match || name in keys || (comma === ',') !== at < rest.length) throw malformed(text);
    if (string !== undefined) keys[name] = string.replaceAll(/\\(.)/gs, '$1');
    else if (number !== undefined) keys[name] = Number(number);
    else keys[name] = boolean?.toLowerCase() === 'true';
  }
  if (Object.keys(keys).length === 0) throw malformed(text);
  return { className, keys };
}

function malformed(text: string): CimError {
  const found = JSON.stringify(text.slice(0, 200));
  const message = `expected an object path such as ${cimNamespace}:CIM_Fan.DeviceID="1", found ${found}`;
  return new CimError('invalid-parameter', message);
}
