/** What a configuration value may be. A rule turns the text of a file into the value, or says what would be allowed. */
export interface ConfigRule<T> {
  /** For a person: `from 0 to 65535`. */
  readonly allowed: string;
  /** Undefined when the text is not allowed. Blanks around it are gone already. */
  readonly parse: (text: string) => T | undefined;
}

/** One rule for each key. */
export type ConfigRules<C> = { readonly [K in keyof C]: ConfigRule<C[K]> };

export function integer(min: number, max: number): ConfigRule<number> {
  return {
    allowed: min === max ? `only ${min}` : `from ${min} to ${max}`,
    parse: (text) => {
      if (!/^[-+]?\d{1,15}$/.test(text)) return undefined;
      const value = Number(text);
      return value >= min && value <= max ? value : undefined;
    },
  };
}

/** Java's `int`, not negative. */
export const count = integer(0, 2_147_483_647);
export const positive = integer(1, 2_147_483_647);
/** 0: any free port. */
export const port = integer(0, 65_535);

/** Java reads everything but `true` as false, silently; a typing error must not switch a promise off. */
export const boolean: ConfigRule<boolean> = {
  allowed: 'true or false',
  parse: (text) => {
    const word = text.toLowerCase();
    return word === 'true' || (word === 'false' ? false : undefined);
  },
};

export const anyText: ConfigRule<string> = { allowed: 'any text', parse: (text) => text };

export function matching(pattern: RegExp, allowed: string): ConfigRule<string> {
  return { allowed, parse: (text) => (pattern.test(text) ? text : undefined) };
}

export function oneOf<const T extends string>(...values: readonly T[]): ConfigRule<T> {
  return { allowed: values.join(' or '), parse: (text) => values.find((value) => value === text) };
}

const ipv4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

export const ipAddress: ConfigRule<string> = {
  allowed: 'an IP address',
  parse: (text) => (ipv4.test(text) || isIpv6(text) ? text : undefined),
};

/** Eight groups of up to four hexadecimal digits; `::`, once, stands for one group of zeros or more. A zone may follow. */
function isIpv6(text: string): boolean {
  const address = /^([0-9a-fA-F:]{2,39})(%\w{1,32})?$/.exec(text)?.[1];
  if (address === undefined) return false;
  const sides = address.split('::');
  const groups = sides.flatMap((side) => (side === '' ? [] : side.split(':')));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return sides.length === 1 ? groups.length === 8 : sides.length === 2 && groups.length <= 7;
}

/** `host:port;host:port`; Java exits with status -3 on others. */
export const addressList: ConfigRule<string> = {
  allowed: 'host:port, several separated by ";"',
  parse: (text) => (splitAddresses(text).every(isAddress) ? text : undefined),
};

export function splitAddresses(text: string): string[] {
  return text
    .split(';')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

function isAddress(address: string): boolean {
  const parsed = /^[^\s,;]+:(\d{1,5})$/.exec(address);
  return parsed !== null && Number(parsed[1]) >= 1 && Number(parsed[1]) <= 65_535;
}
