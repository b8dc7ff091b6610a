import type { Variant } from '../report/run-event.ts';
import { axisNames, type ScenarioFile } from './scenario-schema.ts';

type Matrix = NonNullable<ScenarioFile['matrix']>;
type Axis = (typeof axisNames)[number];

/** Every combination of the axes, without those that are excluded, and those that are included besides; each once. */
export function expandMatrix(matrix: Matrix): Variant[] {
  const axes = axisNames.filter((name) => matrix[name] !== undefined);
  let variants: Variant[] = axes.length > 0 || !matrix.include ? [{}] : [];
  for (const name of axes) {
    variants = variants.flatMap((variant) =>
      (matrix[name] ?? []).map((value) => ({ ...variant, [name]: value })),
    );
  }
  const excluded = (variant: Variant): boolean =>
    (matrix.exclude ?? []).some((cell) =>
      named(cell).every((name) => cell[name] === variant[name]),
    );
  const included = (matrix.include ?? []).map(
    (cell): Variant => Object.fromEntries(named(cell).map((name) => [name, cell[name]])),
  );
  const all = [...variants.filter((variant) => !excluded(variant)), ...included];
  return [...new Map(all.map((variant) => [JSON.stringify(variant), variant])).values()];
}

function named(cell: { readonly [key in Axis]?: string | undefined }): Axis[] {
  return axisNames.filter((name) => cell[name] !== undefined);
}

/** `NAME`, or `NAME [firmware=uefi disk=nvme]`. */
export function runName(scenario: string, variant: Variant): string {
  const parts = axisNames.flatMap((name) =>
    variant[name] === undefined ? [] : [`${name}=${variant[name] || 'none'}`],
  );
  return parts.length > 0 ? `${scenario} [${parts.join(' ')}]` : scenario;
}
