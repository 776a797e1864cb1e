import type { BrokerFigures } from './broker-set.js';

/** How a broker fared, over all its processes. */
export interface BrokerHealth {
  readonly brokerName: string;
  /** Means of the thirds of its longest life, without the time in which it warms up. */
  readonly rssFirstMiB: number;
  readonly rssSecondMiB: number;
  readonly rssLastMiB: number;
  /** Of that life, without its warm-up. */
  readonly rssSeconds: number;
  /** Event loop: of the worst life, its start included, and the longest of all seconds. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

const warmUpSeconds = 30;
/** What a long run asks for. CI's runs are too short for either, and share their machine. */
const loopP99MsMax = 20;
/** Memory of the last third above that of the second. A heap that is collected now and then moves by less; the first fills caches. */
const rssGrowthShareMax = 0.1;
/** A broker that lived for less still fills its caches: its memory says nothing. */
const rssSecondsMin = 300;
const minuteSeconds = 60;
const mebibyte = 1_048_576;

export function healthOf(brokerName: string, figures: readonly BrokerFigures[]): BrokerHealth {
  const lives = new Map<number, BrokerFigures[]>();
  for (const figure of figures) lives.set(figure.pid, [...(lives.get(figure.pid) ?? []), figure]);
  const longest = [...lives.values()].reduce<BrokerFigures[]>((best, life) => (life.length > best.length ? life : best), []);
  const warm = longest.slice(Math.min(warmUpSeconds, Math.floor(longest.length / 4)));
  const third = Math.max(Math.floor(warm.length / 3), 1);
  const lastOfLives = [...lives.values()].map((life) => life.at(-1)?.lifeP99Ms ?? 0);
  return {
    brokerName,
    rssFirstMiB: meanRss(warm.slice(0, third)),
    rssSecondMiB: meanRss(warm.slice(third, -third)),
    rssLastMiB: meanRss(warm.slice(-third)),
    rssSeconds: warm.length,
    loopP99Ms: Math.max(...lastOfLives, 0),
    loopMaxMs: Math.max(...figures.map(({ maxMs }) => maxMs), 0),
  };
}

/** What the health of a long run breaks. */
export function healthViolations(health: readonly BrokerHealth[]): string[] {
  return health.flatMap(({ brokerName, loopP99Ms, rssLastMiB, rssSecondMiB, rssSeconds }) => [
    ...(loopP99Ms > loopP99MsMax
      ? [`loop ${brokerName}: p99 of the event loop is ${loopP99Ms.toFixed(1)} ms, at most ${loopP99MsMax} are asked for`]
      : []),
    ...(rssSeconds >= rssSecondsMin && rssLastMiB > rssSecondMiB * (1 + rssGrowthShareMax)
      ? [
          `memory ${brokerName}: RSS grew from ${rssSecondMiB.toFixed(0)} MiB in the second third of ${rssSeconds} s to ${rssLastMiB.toFixed(0)} in the last`,
        ]
      : []),
  ]);
}

/** How a broker fares at this moment. */
export function minuteText(brokerName: string, figures: readonly BrokerFigures[]): string {
  const last = figures.at(-1);
  if (last === undefined) return `${brokerName}: no figures`;
  const minute = figures.slice(-minuteSeconds).filter(({ pid }) => pid === last.pid);
  const loopMaxMs = Math.max(...minute.map(({ maxMs }) => maxMs));
  const { loopP99Ms } = healthOf(brokerName, figures);
  return `${brokerName}: RSS ${meanRss(minute).toFixed(0)} MiB, event loop p99 ${last.lifeP99Ms.toFixed(1)} ms (worst life ${loopP99Ms.toFixed(1)}), longest of the minute ${loopMaxMs.toFixed(0)} ms`;
}

function meanRss(figures: readonly BrokerFigures[]): number {
  return figures.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / Math.max(figures.length, 1) / mebibyte;
}
