/** The command lines of `mqbroker` and `mqnamesrv`, with Apache's options (page 23 §1). */
import { parseArgs } from 'node:util';
import { ConfigError } from '@orbitmq/core/kernel';

export interface CommandLine {
  readonly configFile: string | undefined;
  readonly namesrvAddr: string | undefined;
  readonly printConfigItem: boolean;
  readonly printImportantConfig: boolean;
  readonly help: boolean;
}

const options = {
  configFile: { type: 'string', short: 'c' },
  namesrvAddr: { type: 'string', short: 'n' },
  printConfigItem: { type: 'boolean', short: 'p' },
  printImportantConfig: { type: 'boolean', short: 'm' },
  help: { type: 'boolean', short: 'h' },
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
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigError('CONFIG_INVALID', error.message, { cause: error });
  }
}

const brokerUsage = `usage: mqbroker [-c <file>] [-n <addresses>] [-m] [-p] [-h]
 -c,--configFile <file>          configuration in properties format (broker.conf)
 -n,--namesrvAddr <addresses>    NameServers, as 192.168.0.1:9876;192.168.0.2:9876
 -m,--printImportantConfig       print the most important settings and exit
 -p,--printConfigItem            print all settings and exit
 -h,--help                       print this and exit`;

const namesrvUsage = `usage: mqnamesrv [-c <file>] [-p] [-h]
 -c,--configFile <file>          configuration in properties format (namesrv.conf)
 -n,--namesrvAddr <addresses>    accepted and without effect
 -p,--printConfigItem            print all settings and exit
 -h,--help                       print this and exit`;

export const usage = { mqbroker: brokerUsage, mqnamesrv: namesrvUsage } as const;
