const unit = 1024;
const prefixes = 'KMGTPE';

/** `512 B`, `1.5 GiB`: as Java's tools print sizes (Java: MixAll.humanReadableByteCount with binary units). */
export function readableBytes(sizeBytes: number): string {
  if (sizeBytes < unit) return `${sizeBytes} B`;
  let value = sizeBytes / unit;
  let at = 0;
  for (; value >= unit && at < prefixes.length - 1; at += 1) value /= unit;
  return `${value.toFixed(1)} ${prefixes[at]}iB`;
}

/** How long a broker runs, as `brokerStatus` shows it: `[ 0 days, 1 hours, 2 minutes, 3 seconds ]`. */
export function readableRuntime(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return `[ ${javaNumber(days)} days, ${hours} hours, ${minutes} minutes, ${seconds % 60} seconds ]`;
}

/** Java's MessageFormat groups digits. */
function javaNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
