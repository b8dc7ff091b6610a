import { RpcError } from '../../../protocol/rpc-error.ts';
import { type FileRoom, roomAt } from '../../system/file-room.ts';

/** All settings together are much smaller, and each file is there twice while it is replaced. */
const neededBytes = 256 * 1024;

/**
 * Throws `state.no-memory` where the root, which `/etc` is in, has no room for settings, before one of their files is written: some would
 * be changed and others not.
 */
export function assertRoomForSettings(
  root: string,
  room: (folder: string) => FileRoom = roomAt,
): void {
  const { free } = room(root);
  if (free >= neededBytes) return;
  const found = `${free}: nothing was changed; remove files from it and set them again`;
  throw new RpcError(
    'state.no-memory',
    `${root}: expected ${neededBytes} bytes of room for settings, found ${found}`,
  );
}
