/** One series of Prometheus' text, without its value. */
export interface Series {
  readonly name: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Scrape {
  readonly series: readonly Series[];
  /** Of the series with that name and, among others, these labels; undefined when there is none or more than one. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  has(name: string, labels?: Readonly<Record<string, string>>): boolean;
}

export async function scrape(port: number): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return parseScrape(await response.text());
}

/** Fails on what is no Prometheus text. */
function parseScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const found: (Series & { readonly value: number })[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\w+) (\w+)$/.exec(line);
    if (type !== null) {
      types.set(type[1] ?? '', type[2] ?? '');
      continue;
    }
    const [, name, written = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
    const family = types.get(name) === undefined ? name.replace(/_(?:bucket|sum|count)$/, '') : name;
    const typeName = types.get(family);
    if (typeName === undefined) throw new Error(`a sample without a type: ${line}`);
    found.push({ name, type: typeName, labels: labelsOf(written), value: Number(value.replace('+Inf', 'Infinity')) });
  }
  const matching = (name: string, labels: Readonly<Record<string, string>> = {}): readonly { readonly value: number }[] =>
    found.filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value));
  return {
    series: found,
    value: (name, labels) => {
      const all = matching(name, labels);
      return all.length === 1 ? all[0]?.value : undefined;
    },
    has: (name, labels) => matching(name, labels).length > 0,
  };
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[name] = value;
  return labels;
}
