import { instanceProblem } from './check-value.ts';
import { type ClassTree, classTree, type FullClass, keyNames } from './class-tree.ts';
import { objectPathText, parseObjectPath } from './object-path.ts';
import { CimError, type CimInstance, cimDatetime, type MethodResult } from './provider.ts';
import { failureOf } from './provider-operations.ts';
import type { ProviderHandle } from './provider-process.ts';
import { standardClasses } from './standard-classes.ts';

/** Characters of the instances of one class: vmkd takes no longer answers than 2 Mi, and other providers' are to be in it. */
const mostOfClass = 512 << 10;

/** An instance with its name. */
export interface NamedInstance {
  readonly path: string;
  readonly className: string;
  readonly properties: CimInstance;
}

/** Instances that there are, and which providers did not tell theirs and why. */
export interface Enumeration {
  readonly instances: readonly NamedInstance[];
  readonly problems: readonly {
    readonly provider: string;
    readonly className: string;
    readonly message: string;
  }[];
}

/** The intrinsic operations (DSP0200 5.3.2) that a broker needs, over all providers of the bank. */
export interface ObjectManager {
  readonly classes: ClassTree;
  /** Why providers are not served, one sentence each. */
  readonly refused: readonly string[];
  /** Label of the provider of a class; undefined where nobody has instances of it. */
  ownerOf(className: string): string | undefined;
  enumerateInstances(className: string): Promise<Enumeration>;
  getInstance(path: string): Promise<NamedInstance>;
  invokeMethod(path: string, method: string, parameters: CimInstance): Promise<MethodResult>;
  /** The indication as it is delivered. Throws CimError `failed` for one that is not of its class. */
  completeIndication(
    provider: ProviderHandle,
    className: string,
    raised: CimInstance,
  ): NamedInstance;
}

/** The object manager over these providers: one that claims a class which another one has is not served. */
export function objectManager(
  providers: readonly ProviderHandle[],
  { systemName, now }: { systemName: string; now(): Date },
): ObjectManager {
  const owners = new Map<string, ProviderHandle>();
  const served: ProviderHandle[] = [];
  const refused: string[] = [];
  for (const provider of providers) {
    const claimed = provider.description.classes
      .map(({ name }) => [name, owners.get(name.toLowerCase())] as const)
      .find(([, owner]) => owner);
    if (claimed?.[1]) {
      refused.push(
        `provider ${labelOf(provider)} is left out: ${claimed[0]} is a class of ${labelOf(claimed[1])}`,
      );
      continue;
    }
    served.push(provider);
    for (const { name } of provider.description.classes) owners.set(name.toLowerCase(), provider);
  }
  const classes = classTree([
    ...standardClasses,
    ...served.flatMap(({ description }) => description.classes),
  ]);
  let identifier = 0;

  const named = (full: FullClass, properties: CimInstance): NamedInstance => {
    const keys = Object.fromEntries(keyNames(full).map((name) => [name, properties[name] ?? null]));
    return {
      path: objectPathText({ className: full.name, keys }),
      className: full.name,
      properties,
    };
  };
  const locate = (path: string) => {
    const { className, keys } = parseObjectPath(path);
    const full = classes.find(className);
    const owner = owners.get(full.name.toLowerCase());
    if (!owner) {
      const message = `${full.name}: expected a class that a provider has instances of, found none for it`;
      throw new CimError('not-supported', message);
    }
    const names = keyNames(full);
    const wrong = [
      ...names.filter((name) => !(name in keys)),
      ...Object.keys(keys).filter((name) => !names.includes(name)),
    ];
    if (wrong.length > 0) {
      throw new CimError(
        'invalid-parameter',
        `${full.name}: expected the keys ${names.join(', ')}, found others: ${wrong.join(', ')}`,
      );
    }
    return { full, owner, keys };
  };

  return {
    classes,
    refused,
    ownerOf: (className) => {
      const owner = owners.get(className.toLowerCase());
      return owner && labelOf(owner);
    },
    enumerateInstances: async (className) => {
      const wanted = classes
        .withSubclasses(className)
        .filter(({ abstract, above }) => !abstract && !above.includes('CIM_Indication'));
      const problems: Enumeration['problems'][number][] = [];
      const lists = await Promise.all(
        wanted.map(async (full) => {
          const owner = owners.get(full.name.toLowerCase());
          if (!owner) return [];
          try {
            const found = await owner.call({ op: 'enumerate', className: full.name });
            const instances = (found as CimInstance[]).map((instance) => named(full, instance));
            const { length } = JSON.stringify(instances);
            if (length <= mostOfClass) return instances;
            throw new Error(
              `expected instances of at most ${mostOfClass} characters, found ${length}`,
            );
          } catch (error) {
            problems.push({
              provider: labelOf(owner),
              className: full.name,
              message: failureOf(error).message,
            });
            return [];
          }
        }),
      );
      return { instances: lists.flat(), problems };
    },
    getInstance: async (path) => {
      const { full, owner, keys } = locate(path);
      return named(
        full,
        (await owner.call({ op: 'get', className: full.name, keys })) as CimInstance,
      );
    },
    invokeMethod: async (path, method, parameters) => {
      const { full, owner, keys } = locate(path);
      if (!Object.hasOwn(full.methods, method)) {
        const known = Object.keys(full.methods).join(', ') || 'none';
        throw new CimError(
          'method-not-found',
          `${full.name}: expected a method of ${known}, found ${method}`,
        );
      }
      return (await owner.call({
        op: 'invoke',
        className: full.name,
        keys,
        method,
        parameters,
      })) as MethodResult;
    },
    completeIndication: (provider, className, raised) => {
      const full = classes.find(className);
      const owner = owners.get(full.name.toLowerCase());
      if (
        !full.above.includes('CIM_Indication') ||
        full.abstract ||
        (owner && owner !== provider)
      ) {
        throw new CimError(
          'failed',
          `${className}: expected an indication of its own or a standard one`,
        );
      }
      const has = (name: string): boolean => Object.hasOwn(full.properties, name);
      const properties: CimInstance = {
        IndicationIdentifier: `twinbank:${now().getTime().toString(36)}-${++identifier}`,
        IndicationTime: cimDatetime(now()),
        SequenceNumber: identifier,
        ...(has('SystemName') && { SystemName: systemName, ProviderName: labelOf(provider) }),
        ...raised,
      };
      const problem = instanceProblem(full, properties);
      if (problem !== undefined) throw new CimError('failed', problem);
      return { path: '', className: full.name, properties };
    },
  };
}

export function labelOf({ description: { origin, name } }: ProviderHandle): string {
  return `${origin}/${name}`;
}
