import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSetting, type Settings } from '../../../state/settings.ts';
import { readConfiguration } from '../state/configuration.ts';

/** What an OEM says of itself to the running system (src/builder/oem/provider-tree.ts). */
export interface OemFacts {
  readonly name: string;
  readonly vendor: string;
  readonly version: string;
  readonly defaults: {
    readonly syslog?: unknown;
    readonly ntp?: unknown;
    readonly console?: {
      readonly title: string;
      readonly text?: string;
      readonly logo?: readonly string[];
      readonly color?: string;
    };
  };
  /** Kernel modules that no device asks for. */
  readonly load?: readonly string[];
  readonly support?: { readonly scripts?: readonly string[] };
}

/** The OEMs of the running system, by their names. One whose file is wrong is left out. Never throws. */
export function readOemFacts(root = '/'): OemFacts[] {
  const folder = join(root, 'etc/twinbank/oem');
  return namesIn(folder).flatMap((name): OemFacts[] => {
    try {
      const facts = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return typeof facts?.defaults === 'object' && facts.defaults !== null ? [facts] : [];
    } catch {
      return [];
    }
  });
}

/**
 * What the host is set to: what an administrator has set, and beneath it what OEMs have as defaults. The
 * defaults are never saved, so that those of a newer OEM count after an update. Never throws.
 */
export function effectiveSettings(root = '/'): Partial<Settings> {
  const defaults = readOemFacts(root).map(({ defaults: { syslog, ntp } }) => ({
    ...parsed('syslog', syslog),
    ...parsed('ntp', ntp),
  }));
  return Object.assign({}, ...defaults, readConfiguration(root).settings);
}

/** The OEMs' logos, for the console. */
export function oemLogos(root = '/'): { lines: readonly string[]; color: string | undefined }[] {
  return readOemFacts(root).flatMap(({ defaults: { console } }) => {
    const lines = console?.logo;
    return Array.isArray(lines) ? [{ lines: lines.map(String), color: console?.color }] : [];
  });
}

/** Kernel modules that OEMs want loaded though no device asks for them. */
export function oemLoads(root = '/'): string[] {
  return readOemFacts(root).flatMap(({ load }) => (Array.isArray(load) ? load.map(String) : []));
}

/** One line for each OEM: what its machine is called, and what else is to be said. */
export function oemLines(root = '/'): string[] {
  return readOemFacts(root).map(({ name, vendor, version, defaults: { console } }) => {
    const title = console ? `: ${[console.title, console.text].filter(Boolean).join(' - ')}` : '';
    return `OEM ${name} ${version} of ${vendor}${title}`;
  });
}

function parsed(name: 'syslog' | 'ntp', value: unknown): Partial<Settings> {
  if (value === undefined) return {};
  try {
    return parseSetting(name, value);
  } catch {
    return {};
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}
