import ids from 'spdx-license-ids/index.json' with { type: 'json' };

/** Short names of copyright-format 1.0 (section 7.1.1) that SPDX writes in another way; in lower case. */
const formatNames: Readonly<Record<string, string>> = {
  expat: 'MIT',
  artistic: 'Artistic-1.0',
  cc0: 'CC0-1.0',
  'gfdl-niv-1.2': 'GFDL-1.2-no-invariants-only',
  'gfdl-niv-1.2+': 'GFDL-1.2-no-invariants-or-later',
  'gfdl-niv-1.3': 'GFDL-1.3-no-invariants-only',
  'gfdl-niv-1.3+': 'GFDL-1.3-no-invariants-or-later',
};

/** Those that mean the same in both; the others (`Autoconf`, `OpenSSL`) have versions in SPDX that Debian omits. */
const exceptions: Readonly<Record<string, string>> = {
  'linux-syscall-note': 'Linux-syscall-note',
  llvm: 'LLVM-exception',
};

const spdxIds = new Map(ids.map((id) => [id.toLowerCase(), id]));

/**
 * A licence's synopsis in a copyright file (copyright-format 1.0, section 7.2) as an SPDX expression. A name that is
 * neither of the format nor of SPDX becomes `LicenseRef-Debian-NAME`: which licence it means, only the file's text
 * says. Undefined for no name at all.
 */
export function spdxOfSynopsis(synopsis: string): string | undefined {
  // A comma before `and` and `or` ends a group; without commas `and` binds first, as in SPDX.
  const parts = synopsis.split(/,\s+(and|or)\s+/i);
  const groups = parts.map((part, index) => (index % 2 ? part.toUpperCase() : spdxOfGroup(part)));
  if (groups.some((group) => group === undefined)) return undefined;
  if (groups.length === 1) return groups[0];
  return groups
    .map((group, index) =>
      index % 2 === 0 && / (AND|OR) /.test(`${group}`) ? `(${group})` : group,
    )
    .join(' ');
}

function spdxOfGroup(group: string): string | undefined {
  const words = group.trim().split(/\s+(and|or)\s+/i);
  const terms = words.map((word, index) => (index % 2 ? word.toUpperCase() : spdxOfName(word)));
  return terms.some((term) => term === undefined) ? undefined : terms.join(' ');
}

function spdxOfName(name: string): string | undefined {
  if (name === '') return undefined;
  const [, licence = name, exception] = /^(\S+)\s+with\s+(.+?)\s+exception$/i.exec(name) ?? [];
  const id = knownId(licence);
  if (exception === undefined) return id ?? reference(name);
  const known = exceptions[exception.toLowerCase()];
  return id && known ? `${id} WITH ${known}` : reference(name);
}

/** `GPL-2+` is `GPL-2.0-or-later`; any other known name in whatever case. */
function knownId(name: string): string | undefined {
  const [, family, version = '', later] = /^([AL]?GPL|GFDL)-(\d(?:\.\d)?)(\+?)$/i.exec(name) ?? [];
  if (family !== undefined) {
    const full = version.includes('.') ? version : `${version}.0`;
    return spdxIds.get(`${family}-${full}-${later ? 'or-later' : 'only'}`.toLowerCase());
  }
  return formatNames[name.toLowerCase()] ?? spdxIds.get(name.toLowerCase());
}

function reference(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-|-$/g, '');
  return `LicenseRef-Debian-${plain}`;
}
