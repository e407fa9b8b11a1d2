import { sentenceOf } from './cli/failures.ts';
import { readConfig } from './config.ts';
import { endOnSignal } from './start/signals.ts';
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
  const starting = start(readConfig(process.env), say);
  endOnSignal(() => {
    say('stratum: stopping, when what runs has finished');
    starting.then((running) => running.stop()).then(() => process.exit(0), fail);
  });
  await starting;
} catch (error) {
  fail(error);
}
