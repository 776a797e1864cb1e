/**
 * `timerwheel` and `config/timercheck` (page 25 §2.1, §2.4), written only in this order: units of the log, slots, then how far they
 * are. So a crash between them leaves slots that name units which are there, and units behind the noted end that are found again.
 */
import type { File, FileSystem } from '../store/io/file-system.js';
import { datasyncFile, writeFile } from '../store/io/io-promise.js';
import { joinPath } from '../store/io/paths.js';
import { createSegment } from '../store/segment/create-segment.js';
import { decodeTimerCheck, encodeTimerCheck, type TimerCheck, timerCheckFileBytes } from './timer-check.js';
import { type DirtyPiece, type TimerWheel, wheelFileBytes, wheelPieceBytes } from './timer-wheel.js';

const readPieces = 128;

export class TimerFiles {
  readonly #fileSystem: FileSystem;
  readonly #wheelPath: string;
  readonly #checkDirectory: string;
  readonly #checkPath: string;
  readonly #metricsPath: string;
  #wheelFile: File | undefined;
  #checkFile: File | undefined;

  constructor(fileSystem: FileSystem, rootDirectory: string) {
    this.#fileSystem = fileSystem;
    this.#wheelPath = joinPath(rootDirectory, 'timerwheel');
    this.#checkDirectory = joinPath(rootDirectory, 'config');
    this.#checkPath = joinPath(this.#checkDirectory, 'timercheck');
    this.#metricsPath = joinPath(this.#checkDirectory, 'timermetrics');
  }

  async readCheck(): Promise<TimerCheck | undefined> {
    const content = await this.#fileSystem.readFile(this.#checkPath);
    return content === undefined ? undefined : decodeTimerCheck(content);
  }

  /** False when there is no wheel that this precision could have written: it has to be made anew. */
  async loadWheel(wheel: TimerWheel, fromMs: number): Promise<boolean> {
    if ((await this.#fileSystem.stat(this.#wheelPath))?.sizeBytes !== wheelFileBytes) return false;
    const file = await this.#fileSystem.open(this.#wheelPath, { create: false });
    this.#wheelFile = file;
    const buffer = Buffer.allocUnsafeSlow(readPieces * wheelPieceBytes);
    for (let index = 0; index * wheelPieceBytes < wheelFileBytes; index += readPieces) {
      const countBytes = await file.read(buffer, index * wheelPieceBytes);
      for (let at = 0; at + wheelPieceBytes <= countBytes; at += wheelPieceBytes) {
        if (wheel.load(index + at / wheelPieceBytes, buffer.subarray(at, at + wheelPieceBytes), fromMs)) continue;
        wheel.reset();
        return false;
      }
    }
    return true;
  }

  /** An empty wheel in place of whatever is there. */
  async makeWheel(): Promise<File> {
    await this.#wheelFile?.close();
    this.#wheelFile = undefined;
    const file = await createSegment(this.#fileSystem, this.#wheelPath, wheelFileBytes);
    this.#wheelFile = file;
    return file;
  }

  /** The first pieces of a timer that never had any make the file. */
  async writeWheel(pieces: readonly DirtyPiece[]): Promise<void> {
    if (pieces.length === 0) return;
    const file = this.#wheelFile ?? (await this.makeWheel());
    for (const { index, bytes } of pieces) await writeFile(file, [bytes], index * wheelPieceBytes);
    await datasyncFile(file);
  }

  async writeCheck(check: TimerCheck): Promise<void> {
    if (this.#checkFile === undefined) {
      await this.#fileSystem.makeDirectory(this.#checkDirectory);
      const file = await this.#fileSystem.open(this.#checkPath, { create: true });
      if ((await file.size()) !== timerCheckFileBytes) await file.truncate(timerCheckFileBytes);
      await this.#fileSystem.syncDirectory(this.#checkDirectory);
      this.#checkFile = file;
    }
    await writeFile(this.#checkFile, [encodeTimerCheck(check)], 0);
    await datasyncFile(this.#checkFile);
  }

  readMetrics(): Promise<Buffer | undefined> {
    return this.#fileSystem.readFile(this.#metricsPath);
  }

  async writeMetrics(json: string): Promise<void> {
    await this.#fileSystem.makeDirectory(this.#checkDirectory);
    await this.#fileSystem.writeFileAtomically(this.#metricsPath, Buffer.from(json));
  }

  async close(): Promise<void> {
    await this.#wheelFile?.close();
    await this.#checkFile?.close();
    this.#wheelFile = undefined;
    this.#checkFile = undefined;
  }
}
