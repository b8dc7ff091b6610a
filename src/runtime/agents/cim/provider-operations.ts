import { instanceProblem, valueProblem } from './check-value.ts';
import { classTree, type FullClass, keyNames } from './class-tree.ts';
import {
  CimError,
  type CimHost,
  type CimInstance,
  type CimMethod,
  type CimProvider,
  type CimStatus,
  cimStatus,
  type MethodResult,
  type ProvidedClass,
} from './provider.ts';
import { standardClasses } from './standard-classes.ts';

/** One operation on a provider; class and method by the names that it has itself. */
export type Operation =
  | { readonly op: 'enumerate'; readonly className: string }
  | { readonly op: 'get'; readonly className: string; readonly keys: CimInstance }
  | {
      readonly op: 'invoke';
      readonly className: string;
      readonly keys: CimInstance;
      readonly method: string;
      readonly parameters: CimInstance;
    };

/** More instances of one class are a mistake. */
const mostInstances = 10_000;

/** Does operations on a provider and holds what it answers against its classes. */
export function operateProvider(provider: CimProvider, host: CimHost) {
  const tree = classTree([...standardClasses, ...provider.classes]);

  async function enumerate(one: ProvidedClass): Promise<CimInstance[]> {
    const found = (await one.enumerate?.(host)) ?? [];
    if (!Array.isArray(found))
      throw wrong(`${one.name}: expected a list of instances, found something else`);
    if (found.length > mostInstances) {
      throw wrong(
        `${one.name}: expected at most ${mostInstances} instances, found ${found.length}`,
      );
    }
    const full = tree.find(one.name);
    const instances = found.map((instance) => checked(full, instance));
    const seen = new Set(instances.map((instance) => keyText(full, instance)));
    if (seen.size < instances.length)
      throw wrong(`${one.name}: expected keys of their own, found two of the same`);
    return instances;
  }

  async function get(one: ProvidedClass, keys: CimInstance): Promise<CimInstance> {
    const full = tree.find(one.name);
    const wanted = keyText(full, keys);
    const found = one.get
      ? await one.get(keys, host)
      : (await enumerate(one)).find((instance) => keyText(full, instance) === wanted);
    if (!found)
      throw new CimError(
        'not-found',
        `${one.name}: expected an instance with ${wanted}, found none`,
      );
    const instance = checked(full, found);
    if (keyText(full, instance) !== wanted)
      throw wrong(`${one.name}: expected ${wanted}, found an instance with other keys`);
    return instance;
  }

  async function invoke(
    one: ProvidedClass,
    operation: Operation & { op: 'invoke' },
  ): Promise<MethodResult> {
    const { method: name, keys, parameters } = operation;
    const method = Object.hasOwn(one.methods ?? {}, name) ? one.methods?.[name] : undefined;
    if (!method)
      throw new CimError(
        'method-not-available',
        `${one.name}.${name}: the provider does not have it`,
      );
    checkParameters(`${one.name}.${name}`, method, parameters, 'in');
    await get(one, keys);
    const result = await method.invoke({ keys, parameters }, host);
    const { type, values } = { type: method.returns, values: method.values };
    const problem = valueProblem({ type, ...(values && { values }) }, result?.returnValue ?? null);
    if (problem !== undefined || result?.returnValue === undefined) {
      throw wrong(
        `${one.name}.${name}: its return value: ${problem ?? `expected ${type}, found none`}`,
      );
    }
    checkParameters(`${one.name}.${name}`, method, result.out ?? {}, 'out');
    return result;
  }

  return (operation: Operation): Promise<unknown> => {
    const one = provider.classes.find(({ name }) => name === operation.className);
    if (!one)
      throw new CimError('invalid-class', `${operation.className}: the provider does not have it`);
    if (operation.op === 'enumerate') return enumerate(one);
    return operation.op === 'get' ? get(one, operation.keys) : invoke(one, operation);
  };
}

/** The status and the sentence of whatever was thrown; a bundle has a CimError of its own. */
export function failureOf(error: unknown): { status: CimStatus; message: string } {
  const { status, message } = (error ?? {}) as { status?: unknown; message?: unknown };
  const known = typeof status === 'string' && Object.hasOwn(cimStatus, status);
  return {
    status: known ? (status as CimStatus) : 'failed',
    message: String(message ?? error).slice(0, 500),
  };
}

function checked(full: FullClass, instance: CimInstance): CimInstance {
  const hasName = Object.hasOwn(full.properties, 'CreationClassName');
  const whole = { ...(hasName && { CreationClassName: full.name }), ...instance };
  const kept = Object.entries(whole).filter(([, value]) => value !== undefined);
  const result = Object.fromEntries(kept);
  const problem = instanceProblem(full, result);
  if (problem !== undefined) throw wrong(problem);
  return result;
}

function keyText(full: FullClass, instance: CimInstance): string {
  return keyNames(full)
    .map((name) => `${name}=${JSON.stringify(instance[name])}`)
    .join(',');
}

function checkParameters(
  where: string,
  { parameters }: CimMethod,
  given: CimInstance,
  direction: 'in' | 'out',
): void {
  const isInput = direction === 'in';
  const fail = (message: string): never => {
    throw isInput
      ? new CimError('invalid-parameter', `${where}: ${message}`)
      : wrong(`${where}: ${message}`);
  };
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!known || (known.direction ?? 'in') !== direction) {
      fail(`has no ${direction} parameter ${name}`);
      continue;
    }
    const problem = valueProblem(known, value);
    if (problem !== undefined) fail(`${name}: ${problem}`);
  }
  for (const [name, { required, direction: of = 'in' }] of Object.entries(parameters)) {
    if (of === direction && required && (given[name] ?? null) === null)
      fail(`${name}: expected a value, found none`);
  }
}

function wrong(message: string): CimError {
  return new CimError('failed', message);
}
