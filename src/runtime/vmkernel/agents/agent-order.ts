import type { Agent } from '../../agents/agent.ts';

/**
 * The rows of the named agents, each after those of them that it depends on, otherwise in the order of the names; a name
 * without a row is passed over. Throws an Error for rows that depend on each other.
 */
export function agentsInOrder(rows: readonly Agent[], names: readonly string[]): Agent[] {
  const wanted = names.flatMap((name) => rows.find((row) => row.name === name) ?? []);
  const ordered: Agent[] = [];
  const visit = (agent: Agent, above: readonly string[]): void => {
    if (ordered.includes(agent)) return;
    const path = [...above, agent.name];
    if (above.includes(agent.name))
      throw new Error(`agents depend on each other: ${path.join(', ')}`);
    for (const name of agent.dependsOn ?? []) {
      const before = wanted.find((one) => one.name === name);
      if (before) visit(before, path);
    }
    ordered.push(agent);
  };
  for (const agent of wanted) visit(agent, []);
  return ordered;
}
