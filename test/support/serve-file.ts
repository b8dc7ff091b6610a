import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Serves files by name on this machine's loopback, which a virtual machine reaches as 10.0.2.2 (QEMU's user
 * network). The first answer breaks off half-way, as networks do; the next ones go on where it ended.
 */
export async function serveFiles(files: Readonly<Record<string, string>>) {
  let broken = 0;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = files[(request.url ?? '').slice(1)];
    if (path === undefined) return response.writeHead(404).end();
    const { size } = statSync(path);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    requests.push(`${request.url} from ${start}`);
    const range = { 'content-range': `bytes ${start}-${size - 1}/${size}` };
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': size - start,
      etag: `"${size}"`,
      ...(start > 0 ? range : {}),
    });
    const end = broken++ === 0 ? Math.floor(size / 2) : size - 1;
    const stream = createReadStream(path, { start, end });
    stream.pipe(response, { end: false });
    stream.once('end', () => (end === size - 1 ? response.end() : response.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: (name: string) => `http://10.0.2.2:${(server.address() as AddressInfo).port}/${name}`,
    requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
