import { closeSync, constants, openSync } from 'node:fs';
import type { AgentDescriptor } from '../../agents/agent.ts';
import { type Handed, openListener } from '../../system/unix-socket.ts';

/** Every user may connect: programs of any user have something to say to a log. */
const anybody = 0o666;

/** Opens what an agent is to have, with root's rights. Throws an Error where it is not there. */
export function openDescriptor(what: AgentDescriptor): Handed {
  if ('listen' in what) return openListener(what.listen, anybody);
  // A read that waits would hold a thread of the agent's for ever.
  const fd = openSync(what.read, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  return { fd, close: () => closeSync(fd) };
}
