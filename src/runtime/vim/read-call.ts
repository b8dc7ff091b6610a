import { type XmlElement, xmlAttribute } from '../../protocol/xml.ts';
import { readValue } from './read-value.ts';
import type { Method } from './type-row.ts';
import { findType, managedTypeNames, newestVersion } from './type-table.ts';
import { type ObjectReference, type VimValue, wrongValue } from './value.ts';

export interface Call {
  readonly method: Method;
  /** Its type is the one that declares the method where the client says none. */
  readonly self: ObjectReference;
  readonly parameters: Readonly<Record<string, VimValue | VimValue[] | undefined>>;
}

const declared = new Map<string, { readonly owner: string; readonly method: Method }>();

/** The method of that name, and the type that declares it: names are unique over all types. */
export function findDeclaredMethod(
  name: string,
): { readonly owner: string; readonly method: Method } | undefined {
  if (declared.size === 0) {
    for (const owner of managedTypeNames()) {
      for (const method of findType(owner)?.methods ?? []) {
        declared.set(method.name, { owner, method });
      }
    }
  }
  return declared.get(name);
}

/**
 * A call as the body of an envelope has it. Parameters that the method does not have, or of a wrong value, and a method that
 * the client's version does not have throw TwinbankError: `vim.method` for the method, else `vim.value`.
 */
export function readCall(element: XmlElement, version = newestVersion): Call {
  const found = findDeclaredMethod(element.name);
  if (!found || found.method.since > version) {
    throw wrongValue('Body', 'a method of the API', element.name, 'vim.method');
  }
  const { owner, method } = found;
  const self = readSelf(element, owner);
  const known = ['_this', ...method.parameters.map(({ name }) => name)];
  const stranger = element.children.find(({ name }) => !known.includes(name));
  if (stranger) throw wrongValue(method.name, 'a parameter of it', stranger.name);
  const parameters = Object.fromEntries(
    method.parameters.map((one) => [
      one.name,
      readValue(
        element.children.filter(({ name }) => name === one.name),
        one,
        `${method.name}.${one.name}`,
      ),
    ]),
  );
  return { method, self, parameters };
}

function readSelf(element: XmlElement, owner: string): ObjectReference {
  const place = `${element.name}._this`;
  const [self, ...more] = element.children.filter(({ name }) => name === '_this');
  if (!self || more.length > 0)
    throw wrongValue(place, 'one object', `${more.length || 'nothing'}`);
  const said = xmlAttribute(self, 'type')?.replace(/^[^:]*:/, '');
  const value = readValue(
    [self],
    { type: said === undefined ? owner : 'ManagedObject', array: false, optional: false },
    place,
  );
  return value as ObjectReference;
}
