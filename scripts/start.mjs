/**
 * `npm start`: makes the checkout ready and runs the quickstart in the same process, as one file. Where Node keeps compiled
 * modules (22.1 and later) a second start does not compile it again.
 */
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { oneFile } from './setup/one-file.mjs';
import { prepare, root } from './setup/prepare.mjs';

const stamp = prepare({ build: true });
module.enableCompileCache?.(join(root, 'node_modules/.cache/orbitmq-compile'));
await import(pathToFileURL(await oneFile(root, join(root, 'examples/quickstart/dist/main.js'), stamp)).href);
