import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anything, list, object, parseJson, text } from '../../../protocol/form.ts';
import { oemSettingNames } from '../../../state/setting-rows.ts';

/**
 * What an OEM says of itself to the running system (src/builder/oem/provider-tree.ts). What has any form here is for people
 * only: it goes into the support bundle as it is.
 */
const factsForm = object(
  {
    name: text,
    vendor: text,
    version: text,
    /** Beside the console's of settings, each of which is held against its own rules. */
    defaults: object(Object.fromEntries(oemSettingNames.map((name) => [name, anything])), {
      console: object({ title: text }, { text, logo: list(text), color: text }),
    }),
  },
  {
    /** Kernel modules that no device asks for. */
    load: list(text),
    support: object({}, { assetTag: anything, links: anything, scripts: list(text) }),
    schemaVersion: anything,
    description: anything,
  },
);
export type OemFacts = ReturnType<typeof factsForm>;

/** The OEMs of the running system, by their names. One whose file is wrong is left out. Never throws. */
export function readOemFacts(root = '/', report: (why: string) => void = () => {}): OemFacts[] {
  const folder = join(root, 'etc/twinbank/oem');
  return namesIn(folder).flatMap((name): OemFacts[] => {
    const path = join(folder, name);
    try {
      return [parseJson(readFileSync(path, 'utf8'), factsForm, path)];
    } catch (error) {
      report((error as Error).message);
      return [];
    }
  });
}

/** The OEMs' logos, for the console. */
export function oemLogos(root = '/'): { lines: readonly string[]; color: string | undefined }[] {
  return readOemFacts(root).flatMap(({ defaults: { console } }) => {
    return console?.logo ? [{ lines: console.logo, color: console.color }] : [];
  });
}

/** Kernel modules that OEMs want loaded though no device asks for them. */
export function oemLoads(root = '/'): string[] {
  return readOemFacts(root).flatMap(({ load = [] }) => load);
}

/** One line for each OEM: what its machine is called, and what else is to be said; and what is wrong with a file. */
export function oemLines(root = '/'): string[] {
  const problems: string[] = [];
  const lines = readOemFacts(root, (why) => problems.push(why)).map(
    ({ name, vendor, version, defaults: { console } }) => {
      const title = console ? `: ${[console.title, console.text].filter(Boolean).join(' - ')}` : '';
      return `OEM ${name} ${version} of ${vendor}${title}`;
    },
  );
  return [...lines, ...problems];
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
