import { sentenceOf } from './cli/failures.ts';
import { readConfig } from './config.ts';
import { endOnSignal } from './start/signals.ts';
import { start } from './start/start.ts';

/** Standard output belongs to the log; what is said to people goes beside it. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  const starting = start(readConfig(process.env), say);
  endOnSignal(async () => (await starting).stop());
  await starting;
} catch (error) {
  say(`stratum: ${sentenceOf(error)}`);
  process.exit(1);
}
