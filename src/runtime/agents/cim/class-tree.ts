import { type CimClass, CimError, type CimMethod, type CimProperty } from './provider.ts';

/** A class with all that it inherits. */
export interface FullClass extends CimClass {
  readonly properties: Readonly<Record<string, CimProperty>>;
  readonly methods: Readonly<Record<string, CimMethod>>;
  /** Superclasses, the nearest first. */
  readonly above: readonly string[];
}

/** The classes of a namespace; names are the same in upper and lower case (DSP0004 5.1.2.2). */
export interface ClassTree {
  readonly names: readonly string[];
  /** Throws CimError `invalid-class`. */
  find(name: string): FullClass;
  /** The class and all below it. */
  withSubclasses(name: string): FullClass[];
}

/** Throws CimError `invalid-class` for a class whose superclass is not among them, or is itself. */
export function classTree(classes: readonly CimClass[]): ClassTree {
  const byName = new Map(classes.map((one) => [one.name.toLowerCase(), one]));
  const full = new Map<string, FullClass>();
  const resolve = (name: string, below: readonly string[]): FullClass => {
    const key = name.toLowerCase();
    const done = full.get(key);
    if (done) return done;
    const own = byName.get(key);
    if (!own) throw new CimError('invalid-class', unknown(name, below.at(-1)));
    if (below.includes(key)) throw new CimError('invalid-class', `${own.name}: is above itself`);
    const above = own.superclass ? resolve(own.superclass, [...below, key]) : undefined;
    const whole: FullClass = {
      ...own,
      properties: { ...above?.properties, ...own.properties },
      methods: { ...above?.methods, ...own.methods },
      above: above ? [above.name, ...above.above] : [],
    };
    full.set(key, whole);
    return whole;
  };
  for (const { name } of classes) resolve(name, []);
  const all = [...full.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    names: all.map(({ name }) => name),
    find: (name) => resolve(name, []),
    withSubclasses: (name) => {
      const top = resolve(name, []).name;
      return all.filter((one) => one.name === top || one.above.includes(top));
    },
  };
}

function unknown(name: string, by: string | undefined): string {
  const found = JSON.stringify(name.slice(0, 64));
  return by === undefined
    ? `expected the name of a class, found ${found}; "cim classes" lists them`
    : `${by}: expected a superclass that there is, found ${found}`;
}

/** Names of the keys of a class. */
export function keyNames({ properties }: FullClass): string[] {
  return Object.entries(properties).flatMap(([name, { key }]) => (key ? [name] : []));
}
