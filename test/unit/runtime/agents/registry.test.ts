import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cimApi } from '../../../../src/builder/oem/cim/provider-files.ts';
import { agents } from '../../../../src/runtime/agents/registry.ts';
import { agentsInOrder } from '../../../../src/runtime/vmkernel/agents/agent-order.ts';

const folder = resolve(import.meta.dirname, '../../../../src/runtime/agents');
const names = agents.map(({ name }) => name);

describe('the registry of agents', () => {
  it('names each agent once, and depends on agents that there are, in no circle, and talks to others', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain('vmkd');
    for (const { dependsOn = [] } of agents) {
      expect(names).toEqual(expect.arrayContaining([...dependsOn]));
    }
    for (const { name, talksTo = [] } of agents) {
      expect(names).toEqual(expect.arrayContaining([...talksTo]));
      expect(talksTo).not.toContain(name);
      expect(new Set(talksTo).size).toBe(talksTo.length);
    }
    expect(agentsInOrder(agents, names)).toHaveLength(agents.length);
  });

  it.each(agents)('has a folder for $name, with the sources that its row names', (agent) => {
    const { name, entries = {}, providers = [] } = agent;
    expect(existsSync(join(folder, name, 'agent.ts'))).toBe(true);
    const files = [...Object.values(entries), ...providers.map(({ entry }) => entry)];
    for (const file of files) expect(existsSync(join(folder, name, file))).toBe(true);
    // So that no two agents bring a program of one name.
    for (const program of Object.keys(entries)) {
      expect(program === name || program.startsWith(`${name}-`)).toBe(true);
    }
  });

  it.each(agents)('gives $name a user from 101 to 199, with a group of its number', ({ user }) => {
    if (!user) return;
    expect(user.uid).toBeGreaterThan(100);
    expect(user.uid).toBeLessThan(200);
    expect(user.gid).toBe(user.uid);
  });

  it.each(agents)('has files of $name in a support bundle that it can fill', (agent) => {
    const { forwards = {}, support = [] } = agent;
    const asked = support.flatMap((entry) => ('method' in entry ? [entry.method] : []));
    expect(Object.keys(forwards)).toEqual(expect.arrayContaining(asked));
  });

  it('provides the interface of CIM providers in the version that OEMs are built for', () => {
    expect(agents.flatMap(({ provides = [] }) => provides)).toContain(`cim-api = ${cimApi}`);
  });
});
