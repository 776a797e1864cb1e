/** `mqnamesrv` (Java: NamesrvStartup). */
import { rateLimitedLogger, systemEnvironment } from '@orbitmq/core/kernel';
import { tcpNetwork } from '@orbitmq/remoting';
import { isLoopback } from '../config/broker-config-rules.js';
import { bindNamesrvConfig } from '../config/namesrv-config-rules.js';
import { createNameServer } from '../nameserver/name-server.js';
import { nodeFileSystem } from '../store/io/node-file-system.js';
import { parseCommandLine, usage } from './command-line.js';
import { consoleLogger } from './console-logger.js';
import { ExitCode } from './exit-codes.js';
import { readProperties, storePath } from './machine.js';
import { configText } from './print-config.js';
import { reportStartFailure, runService } from './run-service.js';

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommandLine(args);
  if (command.help) {
    process.stdout.write(`${usage.mqnamesrv}\n`);
    return ExitCode.OK;
  }
  const bound = bindNamesrvConfig(readProperties(command.configFile));
  const { warnings } = bound;
  const config = {
    ...bound.config,
    kvConfigPath: storePath(bound.config.kvConfigPath),
    configStorePath: storePath(command.configFile ?? bound.config.configStorePath),
  };
  if (command.printConfigItem) {
    process.stdout.write(configText(config, false));
    return ExitCode.OK;
  }
  const logger = consoleLogger(
    (line) => process.stderr.write(line),
    () => new Date().toISOString(),
  );
  for (const warning of warnings) logger.warn(warning);
  const environment = systemEnvironment(logger);
  const network = tcpNetwork({ logger: rateLimitedLogger(logger, environment) });
  const nameServer = createNameServer({ environment, network, config, files: nodeFileSystem() });
  const reach = isLoopback(config.bindAddress)
    ? '. Only this machine can connect: set bindAddress to be reached from others'
    : '';
  const readyLine = (): string =>
    `The Name Server boot success. serializeType=JSON, address ${config.bindAddress}:${nameServer.port}${reach}`;
  return runService({ service: nameServer, logger, readyLine });
}

process.exit(await main(process.argv.slice(2)).catch(reportStartFailure));
