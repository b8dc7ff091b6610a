import type { Bank } from '../../bootloader/read-banks.ts';
import { exhausted, verdictMeanings } from '../../bootloader/rules.ts';
import { humanSize } from '../../diagnostics/size.ts';
import type { Colors } from '../command.ts';
import { bar, type Glyphs } from './glyphs.ts';
import { alignRight, plain } from './plain-text.ts';
import { table } from './table.ts';

/** A bank as `inspect`, `bank list` and `boot` give it to programs; this form is fixed. */
export function bankJson(bank: Bank) {
  const { partition, name, bootstate, state, attempts, verdict, updated, build } = bank;
  const { bytes, bytesFree, uuid, problem, securityVersion, modules } = bank;
  return {
    partition,
    name,
    bootstate,
    state,
    attempts,
    verdict,
    updated,
    build,
    bytes,
    bytesFree,
    uuid,
    problem,
    securityVersion,
    modules: modules.map(({ name, version, kind, bytes, sha256, ok, ...more }) => {
      const { file, vendor, origin, loaded, problem = null } = more;
      return { name, version, kind, bytes, sha256, ok, file, vendor, origin, loaded, problem };
    }),
  };
}

/** `VALID, build 0.1.0-1, updated 2, attempts 0 of 3, verdict - (none)`; what cannot be read is a `?`. */
export function bankLine(bank: Bank, colors: Colors): string {
  const { build, updated, attempts, verdict } = bank;
  const facts = [
    `build ${plain(build ?? '?')}`,
    `updated ${updated ?? '?'}`,
    `attempts ${attempts ?? '?'} of ${exhausted}`,
    `verdict ${verdict === null ? '?' : `${verdict} (${verdictMeanings[verdict]})`}`,
  ];
  return `${stateColor(bank, colors)(bank.state)}, ${facts.join(', ')}`;
}

function stateColor({ state, problem }: Bank, colors: Colors): (text: string) => string {
  if (state === 'MALFORMED') return colors.red;
  if (state !== 'VALID') return colors.yellow;
  return problem === null ? colors.green : colors.red;
}

/** A bank for people: its marks, how full it is, and its modules. */
export function bankText(
  bank: Bank,
  look: { colors: Colors; glyphs: Glyphs; next: boolean },
): string {
  const { colors } = look;
  const next = look.next ? colors.bold(' boots next') : '';
  const lines = [
    `${colors.bold(`Bank ${bank.partition}`)} ${plain(bank.name)}${next}`,
    `  ${bankLine(bank, colors)}`,
  ];
  if (bank.bytes > 0) lines.push(`  ${fill(bank, look.glyphs)}`);
  if (bank.empty) lines.push('  empty: boot.cfg and no system');
  if (bank.modules.length > 0) lines.push(indented(moduleTable(bank, colors)));
  return lines.join('\n');
}

function fill({ bytes, bytesFree }: Bank, glyphs: Glyphs): string {
  const used = bytes - bytesFree;
  const text = `${humanSize(used)} of ${humanSize(bytes)} used, ${humanSize(bytesFree)} free`;
  return `${bar(used / bytes, 34, glyphs)}  ${text}`;
}

/** What is wrong with a module is among the findings; here is no room for it. */
function moduleTable({ modules }: Bank, colors: Colors): string {
  const sizes = alignRight(['bytes', ...modules.map(({ bytes }) => String(bytes))]);
  const rows = modules.map(({ name, version, kind, sha256, ok }, index) => [
    plain(name),
    plain(version) || '?',
    plain(kind),
    sizes[index + 1] ?? '',
    sha256.slice(0, 12) || 'missing',
    ok ? colors.green('ok') : colors.red('wrong'),
  ]);
  return table([['module', 'version', 'kind', sizes[0] ?? '', 'SHA-256', ''], ...rows]);
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
