/** Who is connected (page 34 §3.2). A client is counted once for each group that it registers. */
import { languageName } from '@orbitmq/protocol';
import type { ConsumerManager } from '../client/consumer-manager.js';
import type { ProducerManager } from '../client/producer-manager.js';
import type { Turns } from '../metadata/turns.js';
import { clientVersion } from './client-version.js';
import { isSystemGroup } from './is-system-group.js';
import { gauge, type Labels, type MetricFamily, type Sample } from './metric-family.js';

export interface ConnectionSources {
  readonly producers: Pick<ProducerManager, 'groupNames' | 'channels'>;
  readonly consumers: Pick<ConsumerManager, 'members' | 'describe'>;
  /** Those that there are; live ones are among them. */
  readonly groupNames: () => Iterable<string>;
}

const consumeModes: Readonly<Record<string, string>> = {
  CONSUME_ACTIVELY: 'pull',
  CONSUME_PASSIVELY: 'push',
  CONSUME_POP: 'pop',
};

export async function connectionFamilies(
  { consumers, groupNames, producers }: ConnectionSources,
  turns: Turns,
): Promise<readonly MetricFamily[]> {
  const producing = new LabelledCounts();
  for (const group of producers.groupNames()) {
    for (const client of producers.channels(group) ?? []) {
      const pause = turns.step();
      if (pause !== undefined) await pause;
      producing.add(clientLabels(client));
    }
  }
  const consuming = new LabelledCounts();
  for (const group of groupNames()) {
    const pause = turns.step();
    if (pause !== undefined) await pause;
    const type = consumers.describe(group)?.consumeType ?? '';
    for (const client of consumers.members(group)) {
      const pauseOfMembers = turns.step();
      if (pauseOfMembers !== undefined) await pauseOfMembers;
      const own = { consume_mode: consumeModes[type] ?? 'unknown', consumer_group: group };
      consuming.add({ ...own, ...clientLabels(client), is_system: String(isSystemGroup(group)) });
    }
  }
  return [gauge('producer_connections', producing.samples), gauge('consumer_connections', consuming.samples)];
}

function clientLabels({ language, version }: { readonly language: number; readonly version: number }): Labels {
  return {
    language: languageName(language).toLowerCase(),
    protocol_type: 'remoting',
    version: clientVersion(version),
  };
}

class LabelledCounts {
  readonly #counts = new Map<string, { readonly labels: Labels; value: number }>();

  add(labels: Labels): void {
    const key = Object.values(labels).join('\n');
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { labels, value: 1 });
    else known.value += 1;
  }

  get samples(): readonly Sample[] {
    return [...this.#counts.values()];
  }
}
