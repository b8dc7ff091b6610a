import { humanSize } from '../../diagnostics/size.ts';
import type { AppliedPlan } from '../../update/apply.ts';
import { isDevelopmentKey } from '../../update/signing/key.ts';
import type { Colors } from '../command.ts';
import { plain } from './plain-text.ts';
import { table } from './table.ts';

/** What becomes of an OEM; `--json` and vmkd have the action itself. */
const actionWords = { carried: 'kept', brought: 'included', dropped: 'dropped' } as const;

/** An update's plan for people: what comes from where, what becomes of each OEM and why. */
export function planText(plan: AppliedPlan, colors: Colors): string {
  const { modules, oems, dropped, store, keyIds } = plan;
  const rows = modules.map(({ name, origin, from, version, bytes, source }) => [
    ...[plain(name), plain(origin)],
    versionText(from, version),
    ...[humanSize(bytes), source === 'bundle' ? 'sent' : 'reused'],
  ]);
  const packages = [
    ...(store?.add ?? []).map((one) => [one, 'sent'] as const),
    ...(store?.reuse ?? []).map((one) => [one, 'reused'] as const),
  ];
  for (const [{ id, name, version = '', bytes }, how] of packages) {
    rows.push([plain(id ?? name), 'store', plain(version), humanSize(bytes), how]);
  }
  const { sent, reused } = sums(plan);
  return [
    colors.bold(
      `${plain(plan.from)} -> ${plain(plan.to)}, into bank ${plan.target}; bank ${plan.kept} stays as it is`,
    ),
    table([['module', 'origin', 'version', 'size', ''], ...rows]),
    `${humanSize(sent)} sent, ${humanSize(reused)} reused`,
    ...oems.map(({ origin, version, action, why }) => {
      return `OEM ${plain(origin)} ${plain(version)}: ${actionWords[action]} (${plain(why)})`;
    }),
    ...dropped.map((name) => `${plain(name)}: not in the new version`),
    ...removedPackages(store).map((path) => `${plain(path)}: removed from the store`),
    ...(plan.older ? [colors.yellow('The bundle is older than what the host has.')] : []),
    `signed by ${keysText(keyIds)}`,
  ].join('\n');
}

/** A version that stays is there once. */
function versionText(from: string | undefined, version: string): string {
  if (from === undefined) return `${plain(version)}, new`;
  return from === version ? plain(version) : `${plain(from)} -> ${plain(version)}`;
}

/** Without lists, which are nobody's business but the store's, and without what comes back at once. */
function removedPackages(store: AppliedPlan['store']): string[] {
  const added = new Set((store?.add ?? []).map(({ path }) => path.toLowerCase()));
  return (store?.remove ?? []).filter((path) => {
    return path.startsWith('packages/') && !added.has(path.toLowerCase());
  });
}

/** Key ids, with a warning where one is nobody's secret. */
export function keysText(keyIds: readonly string[]): string {
  const one = (id: string) =>
    `key ${id}${isDevelopmentKey(id) ? ' (the development key, which everybody has)' : ''}`;
  return keyIds.map(one).join(', ') || 'nobody';
}

function sums({ modules, store }: AppliedPlan): { sent: number; reused: number } {
  const sum = (files: readonly { bytes: number }[]): number =>
    files.reduce((total, { bytes }) => total + bytes, 0);
  const from = (source: string) => modules.filter((module) => module.source === source);
  return {
    sent: sum(from('bundle')) + sum(store?.add ?? []),
    reused: sum(from('kept')) + sum(store?.reuse ?? []),
  };
}

export function planJson(plan: AppliedPlan) {
  const { from, to, kept, target, older, keyIds, oems, dropped, modules, store } = plan;
  return {
    from,
    to,
    kept,
    target,
    older,
    keyIds,
    oems,
    dropped,
    development: keyIds.some(isDevelopmentKey),
    bytes: sums(plan),
    modules: modules.map(({ name, file, origin, version, from, bytes, sha256, source }) => {
      return { name, file, origin, version, from: from ?? null, bytes, sha256, source };
    }),
    store: store ? { add: store.add, reuse: store.reuse, remove: store.remove } : null,
  };
}
