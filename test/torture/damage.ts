/**
 * A small store that stopped, in order or by kill -9, and then has damage at rest: one bit flipped, or a file cut off. What
 * may come of it: everything is as it was, or the store refuses with a `StoreError` that says where. Never a message that was
 * not put, another content, a message that is silently gone, or an end without a reason.
 */
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { storeRoot } from '../store/store-fixture.js';
import { ReferenceModel } from './reference-model.js';
import { environmentAt, refusalOf, StoreLife, topics } from './store-life.js';
import { Violation } from './violation.js';
import { configOf, limitsOf } from './workloads.js';

export type Ending = 'stopped' | 'killed';

/** `whole`: nothing is missing or changed. `refused`: the store, or the read, says what is damaged. */
type Outcome = 'whole' | 'refused' | `wrong: ${string}`;

interface Damage {
  readonly path: string;
  readonly kind: 'flip' | 'cut';
  /** A flip: the bit, counted from the start of the file. A cut: the bytes that are left. */
  readonly at: number;
}

interface SmallStore {
  readonly ending: Ending;
  readonly disk: SimulatedDisk;
  readonly model: ReferenceModel;
  /** Files that are looked at, with their content. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What the queues say of each message, as text. */
  readonly entries: readonly string[];
}

const config = configOf({ mappedFileSizeCommitLog: 1024, mappedFileSizeConsumeQueue: 100, maxIndexNum: 8 });
const limits = limitsOf();

/** Eight messages in two log files, seven of them in three queues; the second index file is begun. */
async function smallStore(ending: Ending): Promise<SmallStore> {
  const environment = environmentAt(1);
  const disk = new SimulatedDisk({ timers: environment.time, random: environment.random });
  const model = new ReferenceModel({ fileSizeBytes: config.mappedFileSizeCommitLog, lossWindowMs: 0 });
  // Every second the queues are flushed, thoroughly, so that a killed store has all its files.
  const life = new StoreLife({ environment, disk, model, config: { ...config, flushConsumeQueueThoroughInterval: 500 }, limits });
  await life.start();
  for (let index = 0; index < 8; index += 1) {
    const topic = index === 3 ? 'RMQ_SYS_TRANS_HALF_TOPIC' : 'Orders';
    life.put({
      topic,
      queueId: index % 2,
      name: `m${index}`,
      bodyBytes: 10,
      propertiesBytes: 5,
      changes: { sysFlag: index === 4 ? 4 : 0 },
    });
    await life.answered();
  }
  await life.pause(2500);
  const entries = await entriesOf(life);
  if (ending === 'stopped') await life.stop();
  else disk.kill();
  const files = new Map([...disk.files()].filter(([path]) => !path.endsWith('.tmp')));
  return { ending, disk: disk.snapshot(), model, files, entries };
}

async function entriesOf(life: StoreLife): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const topic of topics) {
    for (const queueId of [0, 1]) {
      let entries: readonly object[] = [];
      await life.run(life.store.queueEntries(topic, queueId, 0, 100).then((found) => (entries = found)));
      for (const entry of entries) texts.push(`${topic}/${queueId} ${JSON.stringify(entry)}`);
    }
  }
  return texts;
}

async function outcomeOf(small: SmallStore, damage: Damage): Promise<Outcome> {
  const environment = environmentAt(2, environmentAt(1).time.now() + 60_000);
  const disk = small.disk.image('everything', { timers: environment.time, random: environment.random }, environment.random);
  const model = small.model.copy();
  if (damage.kind === 'cut') disk.cutFile(damage.path, damage.at);
  else {
    disk.edit(damage.path, (content) => {
      const byte = Math.floor(damage.at / 8);
      content[byte] = (content[byte] ?? 0) ^ (1 << (damage.at % 8));
    });
  }
  const life = new StoreLife({ environment, disk, model, config, limits, startedAtMs: 60_000 });
  try {
    await life.start();
    await life.run(life.readAll(true));
    const entries = await entriesOf(life);
    const missing = small.entries.find((entry) => !entries.includes(entry));
    if (missing !== undefined) throw new Violation(`the queues do not have ${missing}`);
    for (const topic of topics) life.put({ topic, queueId: 0, name: `after-${topic}`, bodyBytes: 20 });
    await life.answered();
    await life.run(life.readAll());
    await life.stop();
    if (life.failures[0] !== undefined) throw life.failures[0];
    return 'whole';
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) return `wrong: ${error instanceof Violation ? error.message : String(error)}`;
    const saysWhere = refusal.includes(storeRoot) || / of queue \S+\/\d+:/.test(refusal);
    return saysWhere ? 'refused' : `wrong: a refusal that does not say where: ${refusal}`;
  } finally {
    disk.kill();
  }
}

/** `commitlog`, `consumequeue`, `orbitmq/checksums`, `checkpoint` … */
function familyOf(path: string): string {
  const [first = '', second = ''] = path.slice(storeRoot.length + 1).split('/');
  return first === 'orbitmq' ? `${first}/${second}` : first;
}

export interface DamageReport {
  /** By family, kind of damage and outcome. */
  readonly tally: ReadonlyMap<string, number>;
  /** By family and kind: examples of what went wrong. */
  readonly wrong: ReadonlyMap<string, readonly string[]>;
}

/** Flips every `stride`-th bit of every file and cuts every file at every `stride`-th length, each in a copy of the store. */
export async function damageAll(ending: Ending, stride: number): Promise<DamageReport> {
  const small = await smallStore(ending);
  const tally = new Map<string, number>();
  const wrong = new Map<string, string[]>();
  for (const [path, content] of small.files) {
    // Behind its last byte a file has zeros only: a few of them stand for all.
    const usedBytes = Math.min(content.length, content.findLastIndex((byte) => byte !== 0) + 30);
    for (const kind of ['flip', 'cut'] as const) {
      const count = kind === 'flip' ? usedBytes * 8 : usedBytes;
      for (let at = 0; at < count; at += stride) {
        const outcome = await outcomeOf(small, { path, kind, at });
        const family = `${familyOf(path)} ${kind}`;
        const isWrong = outcome.startsWith('wrong');
        const key = `${family} ${isWrong ? 'wrong' : outcome}`;
        tally.set(key, (tally.get(key) ?? 0) + 1);
        if (isWrong) wrong.set(family, [...(wrong.get(family) ?? []), `${kind} at ${at} of ${path}: ${outcome}`]);
      }
    }
  }
  return { tally, wrong };
}
