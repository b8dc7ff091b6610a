import { expect, test } from 'vitest';
import type { Agent } from '../../../../../src/runtime/agents/agent.ts';
import { agentsInOrder } from '../../../../../src/runtime/vmkernel/agents/agent-order.ts';

const row = (name: string, ...dependsOn: string[]): Agent => ({
  name,
  description: name,
  dependsOn,
  program: { path: '/bin/true', args: () => [] },
});
const order = (rows: readonly Agent[], names: readonly string[]): string[] =>
  agentsInOrder(rows, names).map(({ name }) => name);

test('puts an agent after those that it depends on, and keeps the order of the recipe otherwise', () => {
  const rows = [row('proxy', 'hostd'), row('hostd', 'vmm', 'syslog'), row('vmm'), row('syslog')];
  expect(order(rows, ['vmkd', 'syslog', 'vmm'])).toEqual(['syslog', 'vmm']);
  expect(order(rows, ['proxy', 'syslog', 'hostd', 'vmm'])).toEqual([
    ...['vmm', 'syslog', 'hostd', 'proxy'],
  ]);
});

test('passes over what the recipe leaves out', () => {
  expect(order([row('proxy', 'hostd'), row('hostd')], ['proxy', 'none'])).toEqual(['proxy']);
});

test('refuses agents that depend on each other', () => {
  const rows = [row('a', 'b'), row('b', 'c'), row('c', 'a')];
  expect(() => order(rows, ['a', 'b', 'c'])).toThrow('agents depend on each other: a, b, c, a');
});
