import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { type LogName, logNames } from './log-files.ts';
import type { SyslogService } from './service.ts';

/** Bytes of a page. */
export const pageBytes = 256 << 10;

/** What vmkd forwards, and `logread` asks. */
export function syslogMethods(
  service: Pick<SyslogService, 'status' | 'read'>,
): Record<'status' | 'read', Method> {
  return {
    status: () => service.status(),
    read: ({ file, from = 0 }) => {
      const name = fileName(file);
      if (!Number.isSafeInteger(from) || (from as number) < 0) {
        throw new RpcError(
          'usage',
          `from: expected a number from 0, found ${JSON.stringify(from)?.slice(0, 64)}`,
        );
      }
      return { file: name, ...service.read(name, from as number, pageBytes) };
    },
  };
}

function fileName(file: unknown): LogName {
  const name = logNames.find((one) => one === file);
  if (name !== undefined) return name;
  const found = file === undefined ? 'none' : JSON.stringify(file)?.slice(0, 64);
  throw new RpcError('usage', `file: expected one of ${logNames.join(', ')}, found ${found}`);
}
