/** `mqbroker` (Java: BrokerStartup). */
import { type Logger, rateLimitedLogger, systemEnvironment } from '@orbitmq/core/kernel';
import { tcpNetwork } from '@orbitmq/remoting';
import { createBroker } from '../broker.js';
import { type BrokerConfig, defaultBrokerConfig } from '../config/broker-config.js';
import { bindBrokerConfig } from '../config/broker-config-rules.js';
import { createTagsCodeOf } from '../schedule/tags-code-of.js';
import { nodeFileSystem } from '../store/io/node-file-system.js';
import { reportText } from '../store/recovery/repair/repair-report.js';
import { repairMessageStore } from '../store/repair-message-store.js';
import { brokerReadyLine } from './broker-line.js';
import { type CommandLine, parseCommandLine, usage } from './command-line.js';
import { consoleLogger } from './console-logger.js';
import { ExitCode } from './exit-codes.js';
import { paceHeap } from './heap-pacing.js';
import { configFilePath, defaultBrokerName, firstPublicAddress, readProperties, storePath } from './machine.js';
import { configText } from './print-config.js';
import { reportStartFailure, runService } from './run-service.js';

/** Defaults, then the environment, then the file, then the command line. */
function loadConfig(command: CommandLine): { readonly config: BrokerConfig; readonly warnings: readonly string[] } {
  const properties = readProperties(command.configFile);
  if (command.namesrvAddr !== undefined) properties.set('namesrvAddr', command.namesrvAddr);
  const defaults = {
    ...defaultBrokerConfig,
    brokerName: defaultBrokerName() ?? defaultBrokerConfig.brokerName,
    namesrvAddr: process.env['NAMESRV_ADDR'] ?? '',
  };
  const { config, warnings } = bindBrokerConfig(properties, defaults, firstPublicAddress());
  return { config: { ...config, storePathRootDir: storePath(config.storePathRootDir) }, warnings };
}

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommandLine(args);
  if (command.help) {
    process.stdout.write(`${usage.mqbroker}\n`);
    return ExitCode.OK;
  }
  const { config, warnings } = loadConfig(command);
  if (command.printConfigItem || command.printImportantConfig) {
    process.stdout.write(configText(config, !command.printConfigItem));
    return ExitCode.OK;
  }
  const logger = consoleLogger(
    (line) => process.stderr.write(line),
    () => new Date().toISOString(),
  );
  for (const warning of warnings) logger.warn(warning);
  if (command.storeAction !== undefined) return examineStore(command.storeAction, config, logger);
  const environment = systemEnvironment(logger);
  const broker = createBroker({
    environment,
    network: tcpNetwork({ logger: rateLimitedLogger(logger, environment) }),
    fileSystem: nodeFileSystem(),
    config,
    configFile: configFilePath(command.configFile),
  });
  const readyLine = (): string => brokerReadyLine(config, broker.address);
  const farewellMs = config.enableShutdownGracefully ? config.shutdownWaitTimeSeconds * 1000 : 0;
  return runService({ service: broker, logger, readyLine, failed: broker.failed, farewellMs });
}

paceHeap();
async function examineStore(action: 'check' | 'repair', config: BrokerConfig, logger: Logger): Promise<number> {
  try {
    const report = await repairMessageStore(
      {
        environment: systemEnvironment(logger),
        fileSystem: nodeFileSystem(),
        config,
        tagsCodeOf: createTagsCodeOf(config),
        onFailure: (error) => logger.error('the store failed', { error }),
      },
      { isDryRun: action === 'check' },
    );
    process.stdout.write(reportText(report));
    return report.isDamaged ? ExitCode.STORE_DAMAGED : ExitCode.OK;
  } catch (error) {
    reportStartFailure(error);
    return ExitCode.STORE_UNUSABLE;
  }
}

process.exit(await main(process.argv.slice(2)).catch(reportStartFailure));
