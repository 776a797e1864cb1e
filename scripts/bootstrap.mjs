/** `node scripts/bootstrap.mjs`: installs and builds what is not up to date. `--no-build` only installs. */
import { prepare } from './setup/prepare.mjs';

prepare({ build: !process.argv.includes('--no-build') });
