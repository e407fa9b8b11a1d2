import { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { Config } from '../config.ts';
import { metricsPath } from './metrics-route.ts';

export interface LogOptions {
  readonly logLevel: Config['logLevel'];
  /** Where lines go: standard output unless told. */
  readonly logStream?: { write(line: string): void };
}

const secretHeaders = ['x-api-key', 'authorization', 'cookie', 'set-cookie'];

/** One JSON object per line. Headers are not logged, and if somebody does, no key is. */
export function loggingOptions({ logLevel, logStream }: LogOptions): FastifyServerOptions {
  const paths = ['headers', '*.headers'].flatMap((place) => secretHeaders.map((name) => `${place}["${name}"]`));
  return {
    logger: {
      level: logLevel,
      redact: { paths, censor: '[hidden]' },
      serializers: { err: (error: unknown) => describeFault(error) },
      ...(logStream && { stream: logStream }),
    },
    // One line per request says all that its two lines would.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
  };
}

/** One line per answer. What machines ask every few seconds is worth a line only when somebody looks for it. */
export function logAnswers(server: FastifyInstance): void {
  server.addHook('onResponse', (request, reply, done) => {
    const { method, url, ip } = request;
    const answered = { method, url, ip, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 };
    const isRoutine = url.startsWith('/api/v1/health') || request.routeOptions.url === metricsPath;
    request.log[isRoutine ? 'debug' : 'info'](answered, 'answered');
    done();
  });
}

interface Fault {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly [field: string]: unknown;
}

/** What is worth knowing of an error and what it was caused by. Nothing else of it: fields of drivers may hold values of rows. */
function describeFault(error: unknown, depth = 0): Fault {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: String(error), stack: '' };
  }
  const { name, message, stack = '' } = error;
  // GraphQL has its own word for a cause.
  const { code, cause, originalError } = error as { code?: unknown; cause?: unknown; originalError?: unknown };
  const deeper = cause ?? originalError;
  return {
    type: name,
    message,
    stack,
    ...(typeof code === 'string' && { code }),
    ...(deeper instanceof Error && depth < 5 && { cause: describeFault(deeper, depth + 1) }),
  };
}
