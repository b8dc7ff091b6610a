import { TwinbankError } from '../../diagnostics/error.ts';
import { openFileDevice } from '../../disk/file-device.ts';
import { indexPath } from './bundle-index.ts';

/** Whether a file is a bundle, by the name of its first entry. Throws kind `io` as `openFileDevice` does. */
export function isBundleFile(path: string): boolean {
  const device = openFileDevice(path);
  try {
    const name = Buffer.from(`${indexPath}\0`);
    if (device.size < name.length) return false;
    return Buffer.compare(device.read(0, name.length), name) === 0;
  } finally {
    device.close();
  }
}

/** Throws `bundle.foreign` (kind `corrupt`), beginning with `name`, for a file that is no bundle. */
export function assertBundleFile(path: string, name: string): void {
  if (isBundleFile(path)) return;
  const message = `${name}: expected a bundle, which is a tar that begins with ${indexPath}, found another file`;
  throw new TwinbankError('corrupt', 'bundle.foreign', message);
}
