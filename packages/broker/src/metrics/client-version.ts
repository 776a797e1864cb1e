/** How Java's clients name the version of a frame (MQVersion): two ordinals a release, a snapshot and itself, regular since V4_0_0. */
const firstRegular = 212;
const beyondLast = 612;
const perPatch = 2;
const perMinor = 20;
const perMajor = 200;

/** As labels have it: `v5_5_0`. Nobody who asks today is older than 4.0.0: those are one name. */
export function clientVersion(ordinal: number): string {
  if (ordinal >= beyondLast) return 'higher_version';
  if (ordinal < firstRegular) return 'v3';
  const at = ordinal - firstRegular;
  const [major, minor] = [4 + Math.floor(at / perMajor), Math.floor((at % perMajor) / perMinor)];
  const patch = Math.floor((at % perMinor) / perPatch);
  return `v${major}_${minor}_${patch}${at % perPatch === 0 ? '_snapshot' : ''}`;
}
