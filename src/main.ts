import { sentenceOf } from './cli/failures.ts';
import { readConfig } from './config.ts';
import { runUntilSignal } from './start/signals.ts';
import { start } from './start/start.ts';

/** Standard output belongs to the log; what is said to people goes beside it. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(error: unknown): never {
  say(`stratum: ${sentenceOf(error)}`);
  process.exit(1);
}

try {
  await runUntilSignal(start(readConfig(process.env), say), say);
  process.exit(0);
} catch (error) {
  fail(error);
}
