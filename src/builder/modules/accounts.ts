import { TwinbankError } from '../../diagnostics/error.ts';
import type { Agent } from '../../runtime/agents/agent.ts';
import { baseAccounts } from '../../state/base-accounts.ts';
import type { FileTree } from '../components/file-tree.ts';

/** Those of agents stand before the last one, `nobody` and `nogroup`. */
const before = <T>(all: readonly T[]): readonly T[] => all.slice(0, -1);
const last = <T>(all: readonly T[]): readonly T[] => all.slice(-1);
const shellOf = (name: string): string => (name === 'root' ? '/bin/sh' : '/bin/false');

/**
 * `etc/passwd`, `etc/shadow` and `etc/group` (passwd(5), shadow(5), group(5)) of a system with these agents. Root's
 * password is empty until somebody sets it; nobody else has one. Throws `agents.accounts` (kind `internal`) where two have one name or number.
 */
export function accountFiles(
  agents: readonly Pick<Agent, 'name' | 'description' | 'user'>[],
): FileTree {
  const own = agents.flatMap(({ name, description, user }) =>
    user ? [{ name, uid: user.uid, gid: user.gid, fullName: description }] : [],
  );
  const { users, groups } = baseAccounts;
  const accounts = [...before(users), ...own, ...last(users)];
  const ownGroups = own.map(({ name, gid }) => ({ name, gid, members: [] }));
  const allGroups = [...before(groups), ...ownGroups, ...last(groups)];
  assertDiffer(
    'user',
    accounts.map(({ name, uid }) => [name, uid]),
  );
  assertDiffer(
    'group',
    allGroups.map(({ name, gid }) => [name, gid]),
  );
  const file = (lines: readonly string[]) => {
    const data = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return { type: 'file', mode: 0o644, data } as const;
  };
  return new Map([
    [
      'etc/passwd',
      file(
        accounts.map(
          ({ name, uid, gid, fullName }) =>
            `${name}:x:${uid}:${gid}:${fullName}:/:${shellOf(name)}`,
        ),
      ),
    ],
    [
      'etc/shadow',
      file(accounts.map(({ name }) => `${name}:${name === 'root' ? '' : '!'}:::::::`)),
    ],
    [
      'etc/group',
      file(allGroups.map(({ name, gid, members }) => `${name}:x:${gid}:${members.join(',')}`)),
    ],
  ]);
}

function assertDiffer(
  what: string,
  all: readonly (readonly [name: string, number: number])[],
): void {
  for (const [index, [name, number]] of all.entries()) {
    const other = all.slice(0, index).find((one) => one[0] === name || one[1] === number);
    if (!other) continue;
    throw new TwinbankError(
      'internal',
      'agents.accounts',
      `${what} ${name}: expected a name and a number of its own, found ${other[0]} with one of them (${number})`,
    );
  }
}
