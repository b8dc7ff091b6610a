import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import type { answerForms } from './agent.ts';
import type { IndicationLog } from './indication-log.ts';
import type { NamedInstance, ObjectManager } from './object-manager.ts';
import { CimError, type CimInstance, cimStatus } from './provider.ts';
import { failureOf } from './provider-operations.ts';

/** Just what vmkd forwards. */
export type CimMethods = Readonly<Record<keyof typeof answerForms, Method>>;

type Params = Record<string, unknown>;

/** So long a reader of indications may be kept waiting. */
const longestWaitMs = 30_000;
/** Characters that one answer may have: the object manager's heap is small, and a client takes lines of 16 Mi at most. */
const mostCharacters = 900_000;

/** The agent's methods by their names in vmkd's protocol, without `cim.` (docs/vmkd.md). */
export function cimMethods(manager: ObjectManager, log: IndicationLog): CimMethods {
  const { classes } = manager;
  return answersOf({
    classes: () => ({
      classes: classes.names.map((name) => {
        const { superclass = null, abstract = false, description } = classes.find(name);
        return { name, superclass, abstract, provider: manager.ownerOf(name) ?? null, description };
      }),
      problems: manager.refused,
    }),
    class: ({ name }) => {
      const { above, ...full } = classes.find(text(name, 'name', 'a class such as CIM_Fan'));
      return { ...full, superclasses: above, provider: manager.ownerOf(full.name) ?? null };
    },
    instances: async ({ class: name }) => {
      const found = await manager.enumerateInstances(
        text(name, 'class', 'a class such as CIM_Fan'),
      );
      if (JSON.stringify(found).length > mostCharacters) {
        const message = `${name}: expected instances of at most ${mostCharacters} characters, found more; ask for a subclass`;
        throw new CimError('failed', message);
      }
      return found;
    },
    get: ({ path }) => manager.getInstance(text(path, 'path', 'an object path')),
    invoke: ({ path, method, parameters = {} }) =>
      manager.invokeMethod(
        text(path, 'path', 'an object path'),
        text(method, 'method', 'the name of a method'),
        record(parameters),
      ),
    indications: async ({ after = 0, waitMs = 0 }) => {
      const page = await log.read(
        count(after, 'after'),
        Math.min(count(waitMs, 'waitMs'), longestWaitMs),
      );
      return { ...page, indications: page.indications.map(withoutPath) };
    },
  });
}

/** An indication is no object: nothing can be asked about it by a path. */
function withoutPath({ className, properties }: NamedInstance) {
  return { className, properties };
}

/** The protocol's errors have a code; a CIM error's is its status. */
function answersOf(methods: CimMethods): CimMethods {
  const answers = Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      async (params: Params) => {
        try {
          return await method(params);
        } catch (error) {
          const { status, message } = failureOf(error);
          throw new RpcError(`cim.${status}`, `CIM status ${cimStatus[status]}: ${message}`);
        }
      },
    ]),
  );
  return answers as CimMethods;
}

function text(value: unknown, name: string, expected: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= 4096) return value;
  throw new CimError('invalid-parameter', `${name}: expected ${expected}, found ${shown(value)}`);
}

function count(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new CimError(
    'invalid-parameter',
    `${name}: expected a number from 0, found ${shown(value)}`,
  );
}

function record(value: unknown): CimInstance {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as CimInstance;
  throw new CimError('invalid-parameter', `parameters: expected an object, found ${shown(value)}`);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 64);
}
