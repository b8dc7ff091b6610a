import type { ManifestModule } from '../../bootloader/bank-manifest.ts';
import type { CombineProblem, Owned } from './combine.ts';
import { initramfsFile } from './plan-bank.ts';
import { parseRelation, satisfies } from './relation.ts';
import { throughLink } from './system-links.ts';

type Layer = Owned;

/** How two layers meet at a path: both bring it; or one brings it and the other one something below it. */
type Meeting = { readonly at: string; readonly below?: string };

/** So many shared paths are named; more of them have the same cause. */
const maxNamed = 5;

/**
 * Paths at which the layers of a bank hide one another. They are stacked in this order: an upper one's file hides what
 * stands there in a lower one, and may where its module says `replaces`. What is a file or link in the base stays none
 * a folder, and the other way round, whatever a module says: a folder `lib` would hide the link to all of the
 * base's libraries and drivers. Of one path at the root itself, as all that is no folder there is such a link.
 */
export function pathProblems(owned: readonly Layer[]): CombineProblem[] {
  const layers = owned.filter(({ module }) => module.file !== initramfsFile);
  /** The uppermost layer that brings a path, by its place in the stack. */
  const owners = new Map<string, number>();
  const problems: CombineProblem[] = [];
  const compare = (meeting: Meeting, one: number, other: number): void => {
    const [lower, upper] = [layers[Math.min(one, other)], layers[Math.max(one, other)]];
    if (!lower || !upper || lower === upper || problems.length >= maxNamed) return;
    const upperHasFolder = meeting.below !== undefined && upper === layers[other];
    const ofBase = baseMessage(meeting, lower, upper, upperHasFolder);
    // It may hide it where it says so.
    const isMeant = ofBase === undefined && replaces(upper.module, lower.module);
    const message = ofBase ?? sharedMessage(meeting.at, lower, upper);
    if (isMeant || problems.some((one) => one.message === message)) return;
    const { at, below } = meeting;
    const [lowerFile = at, upperFile = at] = upperHasFolder ? [at, below] : [below, at];
    problems.push({
      code: 'shared-path',
      message,
      origins: [lower.origin, upper.origin],
      about: [
        ...(ofBase === undefined ? [{ manifest: lower.manifest, at: { file: lowerFile } }] : []),
        { manifest: upper.manifest, at: { file: upperFile } },
      ],
      ...(ofBase === undefined && { both: { does: `bring /${at}`, way: sharedWay(lower, upper) } }),
    });
  };
  for (const [index, { module }] of layers.entries()) {
    for (const path of module.files) {
      compare({ at: path }, owners.get(path) ?? index, index);
      owners.set(path, index);
    }
  }
  // Where one has a file and another one a folder, all that is in the folder would be hidden, or the file.
  for (const [index, { module }] of layers.entries()) {
    for (const path of module.files) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const at = path.slice(0, end);
        compare({ at, below: path }, owners.get(at) ?? index, index);
      }
    }
  }
  return problems;
}

/** What no module may do to the base. */
function baseMessage(
  { at, below }: Meeting,
  lower: Layer,
  upper: Layer,
  upperHasFolder: boolean,
): string | undefined {
  if (lower.module.kind !== 'base' || upper.module.kind === 'base') return undefined;
  const [base, other] = [nameOf(lower), nameOf(upper)];
  const leave = `leave it out of ${upper.module.name}`;
  if (below === undefined) {
    if (at.includes('/')) return undefined;
    return `/${at}: expected nothing to hide what ${base} has at the root, found ${other} to bring it as well; ${leave}`;
  }
  if (!upperHasFolder) {
    return `/${at}: expected the folder of ${base} to stay one, found a file or link of ${other}, which would hide all that is in it; ${leave}`;
  }
  const direct = throughLink(below)?.direct;
  const way = direct === undefined ? leave : `move that to ${direct}`;
  return `/${at}: expected the file or link of ${base} to stay one, found ${other} with ${below}, whose folder would hide it; ${way}`;
}

function sharedMessage(at: string, lower: Layer, upper: Layer): string {
  return `/${at}: expected one module to bring it, found ${nameOf(lower)} and ${nameOf(upper)}; ${sharedWay(lower, upper)}`;
}

function sharedWay(lower: Layer, upper: Layer): string {
  return `leave it out of one, or let ${upper.module.name} say replaces: [${lower.module.name}]`;
}

function nameOf({ origin, module }: Layer): string {
  return `${module.name} of ${origin}`;
}

function replaces(module: ManifestModule, other: ManifestModule): boolean {
  return module.replaces.some((text) => {
    const relation = parseRelation(text);
    return relation !== undefined && satisfies(relation, other);
  });
}
