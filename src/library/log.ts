import type { LogOptions } from '../http/logging.ts';
import type { Log } from '../start/log.ts';
import type { Logger } from './options.ts';

type Level = keyof Logger;

/** The numbers that lines of the log have for levels, from the least to the most important. */
const levels: readonly [below: number, level: Level][] = [
  [30, 'debug'],
  [40, 'info'],
  [50, 'warn'],
];

/** What the server writes as lines of JSON, told to a logger. */
export function linesInto(logger: Logger): NonNullable<LogOptions['logStream']> {
  return {
    write: (line) => {
      const { level, msg = '', time: _time, pid: _pid, hostname: _host, ...details } = JSON.parse(line);
      logger[levels.find(([below]) => level < below)?.[1] ?? 'error'](msg, details);
    },
  };
}

/** The same for those who call methods. */
export function callsInto(logger: Logger | undefined): Log {
  const say = (level: Level) => (details: object, message: string) => logger?.[level](message, details);
  return { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') };
}
