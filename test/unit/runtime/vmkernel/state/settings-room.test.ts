import { expect, it } from 'vitest';
import { assertRoomForSettings } from '../../../../../src/runtime/vmkernel/state/settings-room.ts';

it('refuses settings where the root has no room for them, before one is written', () => {
  const withFree = (free: number) => () => assertRoomForSettings('/', () => ({ bytes: 1e6, free }));
  expect(withFree(262_144)).not.toThrow();
  expect(withFree(262_143)).toThrow(
    '/: expected 262144 bytes of room for settings, found 262143: nothing was changed; remove files from it and set them again',
  );
});
