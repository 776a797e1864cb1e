import { jsonBody, objectField, parseBody } from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';

/** Java: BrokerStatsItem. Of one span of time. */
export interface BrokerStatsItem {
  readonly sum: number;
  /** Per second. */
  readonly tps: number;
  /** `sum` by the number of additions. */
  readonly avgpt: number;
}

/** Body of the answer to VIEW_BROKER_STATS_DATA: the last minute, hour and day of one counter (Java: BrokerStatsData; page 32 §3). */
export interface BrokerStatsData {
  readonly statsMinute: BrokerStatsItem;
  readonly statsHour: BrokerStatsItem;
  readonly statsDay: BrokerStatsItem;
}

export function encodeBrokerStatsData({ statsDay, statsHour, statsMinute }: BrokerStatsData): Buffer {
  return jsonBody({ statsDay: inOrder(statsDay), statsHour: inOrder(statsHour), statsMinute: inOrder(statsMinute) });
}

export function decodeBrokerStatsData(body: Buffer): BrokerStatsData {
  const object = parseBody(body);
  return {
    statsMinute: itemField(object, 'statsMinute'),
    statsHour: itemField(object, 'statsHour'),
    statsDay: itemField(object, 'statsDay'),
  };
}

function inOrder({ avgpt, sum, tps }: BrokerStatsItem): BrokerStatsItem {
  return { avgpt, sum, tps };
}

function itemField(object: JsonObject, name: string): BrokerStatsItem {
  const item = objectField(object, name);
  return { sum: numberField(item, 'sum'), tps: numberField(item, 'tps'), avgpt: numberField(item, 'avgpt') };
}

/** As in Java a number that is missing is 0. */
function numberField(object: JsonObject, name: string): number {
  const value = Number(object[name] ?? 0);
  return Number.isFinite(value) ? value : 0;
}
