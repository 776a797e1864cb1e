import { createServer } from 'node:net';

const firstPort = 12_000;
const lastPort = 30_000;
/** Test files that run beside each other draw from different shares of the range: a free port is bound only a moment later. */
const shareCount = 4;
const given = new Set<number>();

/** The whole range where no test run says which of its workers this is. */
function share(): { readonly first: number; readonly count: number } {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0);
  if (worker === 0) return { first: firstPort, count: lastPort - firstPort };
  const count = Math.floor((lastPort - firstPort) / shareCount);
  return { first: firstPort + ((worker - 1) % shareCount) * count, count };
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A port whose `span` neighbours below and above are free too (a broker uses listenPort - 2 and + 1). Below the ephemeral
 * range: a port of that range can be taken by any outgoing connection, even one that connects to itself.
 */
export async function freePort(span = 0): Promise<number> {
  const { first, count } = share();
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = first + span + Math.floor(Math.random() * (count - 2 * span));
    const wanted: number[] = [];
    for (let near = port - span; near <= port + span; near += 1) wanted.push(near);
    if (wanted.some((near) => given.has(near))) continue;
    const free = await Promise.all(wanted.map(canBind));
    if (free.includes(false)) continue;
    for (const near of wanted) given.add(near);
    return port;
  }
  throw new Error('no free port found');
}
