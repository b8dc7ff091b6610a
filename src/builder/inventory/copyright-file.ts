import { spdxOfSynopsis } from './debian-licence.ts';
import { type Licence, unknownLicence } from './licence.ts';

/**
 * What a Debian package's `copyright` says of licences. In the machine-readable form (copyright-format 1.0): those of
 * every `Files` paragraph, so of all that its source package has. In free text: the texts of
 * /usr/share/common-licenses that it refers to, and nothing that one would have to guess.
 */
export function readCopyright(text: string): Licence {
  const paragraphs = text.replaceAll('\r\n', '\n').split(/\n[ \t]*\n/);
  if (!/^Format(-Specification)?:/im.test(paragraphs[0] ?? '')) return readFreeText(text);
  const files = paragraphs.filter((paragraph) => /^Files:/im.test(paragraph));
  const named = files.map((paragraph) => {
    const synopsis = /^License:[ \t]*(.*)$/im.exec(paragraph)?.[1] ?? '';
    return spdxOfSynopsis(synopsis);
  });
  // A form without content: all that there is to go by is the text.
  if (named.every((terms) => terms === undefined)) return readFreeText(text);
  const terms = named.flatMap((one) => splitAll(one ?? unnamed));
  return { basis: 'copyright file', terms: sorted(terms) };
}

/** Of files whose licence is a text that the copyright file gives no name. */
const unnamed = 'LicenseRef-Debian-unnamed';

/** `A AND B` says no more than A and B. */
function splitAll(expression: string): string[] {
  return / OR |\(/.test(expression) ? [expression] : expression.split(' AND ');
}

/** Names of files in /usr/share/common-licenses: `GPL-2`, `Apache-2.0`; a full stop after one ends a sentence. */
const reference = /\/usr\/share\/common-licenses\/([A-Za-z0-9][A-Za-z0-9-]*(?:\.[0-9]+)?)/g;

function readFreeText(text: string): Licence {
  const names = [...text.matchAll(reference)].map(([, name = '']) => name);
  if (names.length > 0) return { basis: 'references', terms: sorted(names) };
  return unknownLicence('its copyright file is free text and refers to no common licence');
}

function sorted(terms: readonly string[]): string[] {
  return [...new Set(terms)].sort();
}
