import { createRequest, createResponse } from '@orbitmq/protocol';
import { createRemotingClient, createRemotingServer, type RemotingClient } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, test } from 'vitest';
import { SimulatedNetwork } from './simulated-network.js';

const serverHost = '10.0.0.1';
const clientHost = '10.0.0.2';
const address = `${serverHost}:10911`;

interface World {
  readonly environment: VirtualEnvironment;
  readonly network: SimulatedNetwork;
  readonly client: RemotingClient;
  /** Requests that the server has executed. */
  readonly executed: string[];
}

async function createWorld(seed: number, latencyMs?: { min: number; max: number }): Promise<World> {
  const environment = virtualEnvironment(seed);
  const { clock, timers } = environment;
  const network = new SimulatedNetwork({
    clock,
    timers,
    random: environment.random.fork('network'),
    latencyMs,
    splitChance: 0.3,
  });
  const executed: string[] = [];
  const server = createRemotingServer({ environment, listener: network.host(serverHost), host: '0.0.0.0', port: 10_911 });
  server.registerProcessor([1], {
    process: (request, connection) => {
      executed.push(request.body?.toString() ?? '');
      connection.respond(request, createResponse(request, 0, { body: request.body }));
    },
  });
  await server.start();
  const client = createRemotingClient({ environment, dialer: network.host(clientHost) });
  await client.start();
  return { environment, network, client, executed };
}

function call(world: World, text: string, timeoutMs = 3000): Promise<unknown> {
  return world.client.invoke(address, createRequest(1, { body: Buffer.from(text) }), { timeoutMs }).then(
    (answer) => answer.body?.toString(),
    (error: unknown) => error,
  );
}

/** Mixed work under faults that the seed chooses; what happened, and when. */
async function storm(seed: number): Promise<readonly string[]> {
  const world = await createWorld(seed);
  const { environment, network } = world;
  const random = environment.random.fork('faults');
  const log: string[] = [];
  const calls: Promise<void>[] = [];
  for (let step = 0; step < 60; step += 1) {
    const text = `request ${step} ${'x'.repeat(random.int(3000))}`;
    calls.push(
      call(world, text, 500 + random.int(3000)).then((result) => {
        const outcome =
          typeof result === 'string' ? (result === text ? 'answered' : 'WRONG ANSWER') : String((result as Error).message);
        log.push(`${environment.clock.monotonic()} ${step} ${outcome}`);
      }),
    );
    const fault = random.int(8);
    if (fault === 0) network.cut(clientHost, serverHost);
    else if (fault === 1) network.partition([clientHost], [serverHost]);
    else if (fault === 2) network.stall(serverHost, clientHost);
    else if (fault >= 5) network.heal();
    await environment.time.advance(random.int(400));
  }
  network.heal();
  await environment.time.settle(Promise.all(calls), 10_000);
  log.push(`executed ${world.executed.length}, timers ${environment.time.firedCount}`);
  return log;
}

describe('a simulated network', () => {
  test('an exchange takes its latency', async () => {
    const world = await createWorld(1, { min: 10, max: 10 });
    expect(await world.environment.time.settle(call(world, 'one'))).toBe('one');
    // There and back for the connection, there and back for the request.
    expect(world.environment.clock.monotonic()).toBeGreaterThanOrEqual(40);
    const startMs = world.environment.clock.monotonic();
    await world.environment.time.settle(call(world, 'two'));
    expect(world.environment.clock.monotonic() - startMs).toBeLessThan(25);
  });

  test('large bodies arrive whole and in order however they are cut', async () => {
    const world = await createWorld(2);
    const texts = Array.from({ length: 50 }, (_, index) => `${index} ${'y'.repeat(index * 997)}`);
    expect(await world.environment.time.settle(Promise.all(texts.map((text) => call(world, text))))).toEqual(texts);
    expect(world.executed).toEqual(texts);
  });

  test('a partition holds requests back; what was in time is answered after it healed', async () => {
    const world = await createWorld(3);
    await world.environment.time.settle(call(world, 'before'));
    world.network.partition([clientHost], [serverHost]);
    const impatient = call(world, 'impatient', 500);
    const patient = call(world, 'patient', 2900);
    expect(await world.environment.time.settle(impatient)).toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'unknown' });
    world.network.heal();
    expect(await world.environment.time.settle(patient)).toBe('patient');
    // Its time was over, the request was not.
    expect(world.executed).toEqual(['before', 'impatient', 'patient']);
  });

  test('a dial into a partition fails after its time', async () => {
    const world = await createWorld(4);
    world.network.partition([clientHost], [serverHost]);
    expect(await world.environment.time.settle(call(world, 'x', 5000))).toMatchObject({
      code: 'CONNECT_FAILED',
      outcome: 'not-sent',
    });
    expect(world.environment.clock.monotonic()).toBe(3000);
  });

  test('a one-way stall executes the request and loses the answer', async () => {
    const world = await createWorld(5);
    await world.environment.time.settle(call(world, 'before'));
    world.network.stall(serverHost, clientHost);
    expect(await world.environment.time.settle(call(world, 'lost answer', 1000))).toMatchObject({
      code: 'REQUEST_TIMEOUT',
      outcome: 'unknown',
    });
    expect(world.executed).toContain('lost answer');
  });

  test('a cut connection fails its calls, and the next one dials anew', async () => {
    const world = await createWorld(6, { min: 50, max: 50 });
    await world.environment.time.settle(call(world, 'before'));
    const pending = call(world, 'cut');
    await world.environment.time.advance(10);
    world.network.cut(clientHost, serverHost);
    expect(await world.environment.time.settle(pending)).toMatchObject({ code: 'CONNECTION_CLOSED', outcome: 'unknown' });
    expect(await world.environment.time.settle(call(world, 'after'))).toBe('after');
    expect(world.executed).toEqual(['before', 'after']);
    expect(world.network.connectionCount).toBe(1);
  });

  test('a killed server is noticed at once, one without power only by the clock', async () => {
    const killed = await createWorld(7);
    await killed.environment.time.settle(call(killed, 'before'));
    const first = call(killed, 'x');
    killed.network.kill(serverHost);
    expect(await killed.environment.time.settle(first)).toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(killed.environment.clock.monotonic()).toBeLessThan(100);
    expect(await killed.environment.time.settle(call(killed, 'y'))).toMatchObject({ code: 'CONNECT_FAILED' });

    const dark = await createWorld(7);
    await dark.environment.time.settle(call(dark, 'before'));
    dark.network.powerOff(serverHost);
    expect(await dark.environment.time.settle(call(dark, 'x'))).toMatchObject({ code: 'REQUEST_TIMEOUT' });
  });

  test('equal seeds give equal runs, and no answer is ever wrong', async () => {
    for (const seed of [11, 12, 13]) {
      const log = await storm(seed);
      expect(await storm(seed)).toEqual(log);
      expect(log.filter((line) => line.includes('WRONG'))).toEqual([]);
      expect(log.filter((line) => line.includes('answered')).length).toBeGreaterThan(5);
      expect(log).toHaveLength(61);
    }
    expect(await storm(11)).not.toEqual(await storm(12));
  });
});
