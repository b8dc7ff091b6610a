import { TwinbankError } from '../../diagnostics/error.ts';
import { confinedNode, type Launch } from '../../host/confine.ts';

/**
 * How Node is started for code of an OEM: confined, or with the rights of whoever builds, where they say so. Throws
 * `oem.unconfined` (kind `refused`) where it can be neither; `what` is the code, as messages call it.
 */
export async function launchOemCode(
  what: string,
  { trusted, readable = [] }: { readonly trusted: boolean; readonly readable?: readonly string[] },
  confine = confinedNode,
): Promise<Launch> {
  if (trusted) return { file: process.execPath, args: [] };
  const launch = await confine(readable);
  if (!('problem' in launch)) return launch;
  throw new TwinbankError(
    'refused',
    'oem.unconfined',
    `${what}: expected bubblewrap to run it apart from your files, found ${launch.problem}; install it (apt-get install bubblewrap), or say --trust-oem to let this code do all that you may do`,
  );
}
