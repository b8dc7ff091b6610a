import { classTree, keyNames } from './class-tree.ts';
import type { CimClass, CimMethod, CimProvider, ProvidedClass } from './provider.ts';
import { standardClasses } from './standard-classes.ts';

/** What is known of a provider without running it: the builder writes it beside the bundle, NAME.json. */
export interface ProviderDescription {
  readonly schemaVersion: 1;
  /** The OEM, or `twinbank` for what the base brings. */
  readonly origin: string;
  readonly name: string;
  readonly api: number;
  readonly classes: readonly CimClass[];
  /** It has to run from the start of the system. */
  readonly monitors: boolean;
  readonly programs: Readonly<
    Record<string, { readonly path: string; readonly libraries: string }>
  >;
  /** Attributes below /sys that it may write, `*` for any characters of a name. */
  readonly writes: readonly string[];
  /** Devices below /dev that its programs use. */
  readonly devices: readonly string[];
}

const namePattern = /^([A-Za-z][A-Za-z0-9]{1,31})_[A-Za-z][A-Za-z0-9_]{0,62}$/;
const elementName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Schema names (DSP0004 5.1.2.1) that are somebody else's: the DMTF's, and that of the base. */
const reserved = ['cim', 'prs', 'twinbank'];

/** The schemas of a provider's classes without what they do, as JSON takes them. */
export function schemasOf(provider: CimProvider): CimClass[] {
  return provider.classes.map(
    ({ name, superclass, abstract, description, properties, methods }) => ({
      name,
      description,
      properties,
      ...(superclass !== undefined && { superclass }),
      ...(abstract && { abstract }),
      ...(methods && { methods: mapValues(methods, signatureOf) }),
    }),
  );
}

/**
 * Everything that is wrong with a provider's classes, as "X: expected Y, found Z"; empty when they are right.
 * `isBase` is the base's own provider, whose schema is Twinbank.
 */
export function providerProblems(provider: CimProvider, isBase: boolean): string[] {
  if (!Array.isArray(provider?.classes) || provider.classes.length === 0) {
    return ['provider: expected classes, at least one, found none'];
  }
  const { classes } = provider;
  const names = classes.map(({ name }) => String(name));
  const lower = names.map((name) => name.toLowerCase());
  const problems = names.flatMap((name, index) => [
    ...nameProblems(name, isBase),
    ...(lower.indexOf(lower[index] ?? '') === index
      ? []
      : [`${name}: expected it once, found it again`]),
  ]);
  const schemas = new Set(names.map((name) => name.split('_')[0]?.toLowerCase()));
  if (schemas.size > 1) {
    problems.push(
      `classes: expected one schema before the "_" of all, found ${[...schemas].join(', ')}`,
    );
  }
  if (problems.length > 0) return problems;
  try {
    const tree = classTree([...standardClasses, ...schemasOf(provider)]);
    return classes.flatMap((one) => [
      ...(tree.find(one.name).above.length > 0
        ? []
        : [`${one.name}: expected a superclass, found none`]),
      ...elementProblems(one),
      ...behaviourProblems(one, tree.find(one.name)),
    ]);
  } catch (error) {
    return [(error as Error).message];
  }
}

function nameProblems(name: string, isBase: boolean): string[] {
  const schema = namePattern.exec(name)?.[1]?.toLowerCase();
  if (schema === undefined) {
    return [
      `${name}: expected VENDOR_Name of letters and digits such as Acme_Fan, found another name`,
    ];
  }
  const allowed = isBase ? schema === 'twinbank' : !reserved.includes(schema);
  const expected = isBase ? 'Twinbank' : `the vendor's, not ${reserved.join(', ')}`;
  return allowed
    ? []
    : [`${name}: expected a schema before the "_" that is ${expected}, found ${schema}`];
}

function elementProblems({ name, description, properties, methods = {} }: ProvidedClass): string[] {
  const elements = [...Object.keys(properties ?? {}), ...Object.keys(methods)];
  const wrong = elements.find((one) => !elementName.test(one));
  const parameters = Object.entries(methods).flatMap(
    ([method, { description, parameters, returns }]) =>
      description && parameters && returns
        ? []
        : [
            `${name}.${method}: expected description, parameters and returns, found some of them missing`,
          ],
  );
  return [
    ...(description ? [] : [`${name}: expected a description, found none`]),
    ...(wrong === undefined
      ? []
      : [`${name}.${wrong}: expected a name of letters, digits and _, found another`]),
    ...parameters,
  ];
}

function behaviourProblems(
  one: ProvidedClass,
  full: ReturnType<ReturnType<typeof classTree>['find']>,
): string[] {
  const isIndication = full.above.includes('CIM_Indication');
  if (isIndication || one.abstract) {
    const what = isIndication ? 'an indication' : 'an abstract class';
    return one.enumerate || one.get
      ? [`${one.name}: expected ${what} without enumerate and get, found one`]
      : [];
  }
  const problems =
    keyNames(full).length > 0
      ? []
      : [`${one.name}: expected a key, its own or an inherited one, found none`];
  return one.enumerate
    ? problems
    : [...problems, `${one.name}: expected a function enumerate, found none`];
}

function signatureOf({ description, parameters, returns, values }: CimMethod): CimMethod {
  return { description, parameters, returns, ...(values && { values }) };
}

function mapValues<A, B>(
  of: Readonly<Record<string, A>>,
  make: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value)]));
}
