import type { BrokerFigures } from './broker-set.js';

/** How a broker fared, over all its processes. */
export interface BrokerHealth {
  readonly brokerName: string;
  /** Means of the first and the last third of its longest life, without the time in which it warms up. */
  readonly rssFirstMiB: number;
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
/** Memory of the last third above that of the first. A heap that is collected now and then moves by less. */
const rssGrowthShareMax = 0.2;
/** A broker that lived for less still fills its caches: its memory says nothing. */
const rssSecondsMin = 300;
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
    rssLastMiB: meanRss(warm.slice(-third)),
    rssSeconds: warm.length,
    loopP99Ms: Math.max(...lastOfLives, 0),
    loopMaxMs: Math.max(...figures.map(({ maxMs }) => maxMs), 0),
  };
}

/** What the health of a long run breaks. */
export function healthViolations(health: readonly BrokerHealth[]): string[] {
  return health.flatMap(({ brokerName, loopP99Ms, rssFirstMiB, rssLastMiB, rssSeconds }) => [
    ...(loopP99Ms > loopP99MsMax
      ? [`loop ${brokerName}: p99 of the event loop is ${loopP99Ms.toFixed(1)} ms, at most ${loopP99MsMax} are asked for`]
      : []),
    ...(rssSeconds >= rssSecondsMin && rssLastMiB > rssFirstMiB * (1 + rssGrowthShareMax)
      ? [`memory ${brokerName}: RSS grew from ${rssFirstMiB.toFixed(0)} to ${rssLastMiB.toFixed(0)} MiB in ${rssSeconds} s`]
      : []),
  ]);
}

function meanRss(figures: readonly BrokerFigures[]): number {
  return figures.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / Math.max(figures.length, 1) / mebibyte;
}
