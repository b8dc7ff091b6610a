import { describe, expect, it } from 'vitest';
import { datastoreNames, nameDatastore } from '../../../src/state/datastore-names.ts';

const none = { names: {} };
const label = 'datastore1';

describe('K4: names of datastores', () => {
  it('are their labels, with a number where another one has it, and stay', () => {
    const first = nameDatastore(none, { uuid: 'a', label });
    const second = nameDatastore(first, { uuid: 'b', label });
    const third = nameDatastore(second, { uuid: 'c', label });
    expect(third).toMatchObject({
      ...{ name: 'datastore1 (2)', changed: true },
      names: { datastore1: 'a', 'datastore1 (1)': 'b', 'datastore1 (2)': 'c' },
    });
    // The one that came first is not there any more.
    expect(nameDatastore(third, { uuid: 'b', label })).toMatchObject({
      ...{ name: 'datastore1 (1)', changed: false },
    });
    expect(datastoreNames.parse({ names: third.names })).toEqual({ names: third.names });
  });

  it('are others when somebody has changed the label', () => {
    const first = nameDatastore(none, { uuid: 'a', label });
    expect(nameDatastore(first, { uuid: 'a', label: 'fast' })).toEqual({
      ...{ name: 'fast', names: { fast: 'a' }, changed: true },
    });
  });

  it('are never paths, whatever a label says', () => {
    const nameOf = (text: string) => nameDatastore(none, { uuid: 'a', label: text }).name;
    expect(nameOf('../etc/x')).toBe('..-etc-x');
    expect(['.', '..', ''].map(nameOf)).toEqual(['datastore', 'datastore', 'datastore']);
    expect(nameOf('\x1b[2J')).toBe('-[2J');
  });

  it('of those that have gone long ago are forgotten when there are too many', () => {
    const old = Array.from({ length: 128 }, (_, at): [string, string] => [`old${at}`, `${at}`]);
    const { names } = nameDatastore({ names: Object.fromEntries(old) }, { uuid: 'f', label }, [
      '0',
    ]);
    expect(Object.keys(names)).toHaveLength(128);
    expect(names).toMatchObject({ old0: '0', datastore1: 'f' });
    expect(names).not.toHaveProperty('old1');
  });

  it('are refused in a state where they are no names', () => {
    const parse = (names: unknown) => () => datastoreNames.parse({ names });
    expect(parse({ '..': 'a' })).toThrow(/expected the name of a datastore, found ".."/);
    expect(parse({ a: 'x y' })).toThrow(/datastores.names.a: expected a UUID/);
    expect(parse({ a: 'a', b: 'a' })).toThrow(/datastores.names.b: expected each UUID once/);
  });
});
