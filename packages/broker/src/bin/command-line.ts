/** The command lines of `mqbroker` and `mqnamesrv`, with Apache's options (page 23 §1). */
import { parseArgs } from 'node:util';
import { ConfigError } from '@orbitmq/core/kernel';

export interface CommandLine {
  readonly configFile: string | undefined;
  readonly namesrvAddr: string | undefined;
  readonly printConfigItem: boolean;
  readonly printImportantConfig: boolean;
  readonly help: boolean;
  /** Ours: what to do with a store instead of starting a broker on it. */
  readonly storeAction: 'check' | 'repair' | undefined;
}

const options = {
  configFile: { type: 'string', short: 'c' },
  namesrvAddr: { type: 'string', short: 'n' },
  printConfigItem: { type: 'boolean', short: 'p' },
  printImportantConfig: { type: 'boolean', short: 'm' },
  help: { type: 'boolean', short: 'h' },
  check: { type: 'boolean' },
  repair: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const;

/** Throws a `ConfigError` that says what is wrong. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = parse(args);
  return {
    configFile: values.configFile,
    namesrvAddr: values.namesrvAddr,
    printConfigItem: values.printConfigItem ?? false,
    printImportantConfig: values.printImportantConfig ?? false,
    help: values.help ?? false,
    storeAction: storeActionOf(values),
  };
}

function storeActionOf(values: ReturnType<typeof parse>): CommandLine['storeAction'] {
  const isDryRun = values['dry-run'] === true;
  if (isDryRun && values.repair !== true) throw new ConfigError('CONFIG_INVALID', '--dry-run goes with --repair');
  if (values.check === true || isDryRun) return 'check';
  return values.repair === true ? 'repair' : undefined;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigError('CONFIG_INVALID', error.message, { cause: error });
  }
}

const brokerUsage = `usage: mqbroker [-c <file>] [-n <addresses>] [-m] [-p] [-h] [--check | --repair [--dry-run]]
 -c,--configFile <file>          configuration in properties format (broker.conf)
 -n,--namesrvAddr <addresses>    NameServers, as 192.168.0.1:9876;192.168.0.2:9876
 -m,--printImportantConfig       print the most important settings and exit
 -p,--printConfigItem            print all settings and exit
 -h,--help                       print this and exit
 --check                         read the whole store, which no broker may have open, report damage and exit
 --repair                        the same, and bridge what is damaged; the files are kept as they were
 --repair --dry-run              the same as --check

exit status of --check and --repair: 0 no damage, 1 damage was found (and with --repair repaired), 2 it could not be done`;

const namesrvUsage = `usage: mqnamesrv [-c <file>] [-p] [-h]
 -c,--configFile <file>          configuration in properties format (namesrv.conf)
 -n,--namesrvAddr <addresses>    accepted and without effect
 -p,--printConfigItem            print all settings and exit
 -h,--help                       print this and exit`;

export const usage = { mqbroker: brokerUsage, mqnamesrv: namesrvUsage } as const;
