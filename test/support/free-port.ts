import { createServer } from 'node:net';

const firstPort = 12_000;
const lastPort = 30_000;
const given = new Set<number>();

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A port whose `span` neighbours below and above are free too (a broker uses listenPort - 2 and + 1). Below the ephemeral
 * range: a port of that range can be taken by any outgoing connection, even one that connects to itself. At random, since another test
 * file may look for one at the same time, and a free port is bound only a moment later.
 */
export async function freePort(span = 0): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = firstPort + span + Math.floor(Math.random() * (lastPort - firstPort - 2 * span));
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
