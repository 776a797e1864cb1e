/**
 * Loaded into a broker before its own code (`node --import`): writes a line of figures a second to the file that `LOOP_MONITOR_FILE`
 * names. How late the event loop is, in milliseconds, since the last line (p99, longest) and since the start (p99 of all).
 */
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 5;
const periodMs = 1000;
const nanosecondsPerMs = 1e6;
const file = process.env['LOOP_MONITOR_FILE'];
const second = monitorEventLoopDelay({ resolution: resolutionMs });
const life = monitorEventLoopDelay({ resolution: resolutionMs });

/** The histogram has the time between two looks. */
function lateMs(nanoseconds) {
  return Math.max(nanoseconds / nanosecondsPerMs - resolutionMs, 0);
}

if (file !== undefined) {
  second.enable();
  life.enable();
  let lines = 0;
  setInterval(() => {
    lines += 1;
    const rssBytes = process.memoryUsage.rss();
    const figures = {
      pid: process.pid,
      lines,
      rssBytes,
      p99Ms: lateMs(second.percentile(99)),
      maxMs: lateMs(second.max),
      lifeP99Ms: lateMs(life.percentile(99)),
    };
    appendFileSync(file, `${JSON.stringify(figures)}\n`);
    second.reset();
  }, periodMs).unref();
}
