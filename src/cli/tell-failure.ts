import { CommanderError } from 'commander';
import { ApiError, TimeoutError, UnreachableError } from '../client/index.ts';
import { StratumError } from '../domain/errors.ts';
import { type Context, ExitError, UsageError } from './context.ts';
import { sentenceOf } from './failures.ts';
import { jsonText } from './harmless.ts';

/** A failure as a program reads it. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
  readonly issues?: unknown;
  readonly request_id?: string;
}

/** Says on standard error why a command failed, as JSON where that was asked for. Gives the exit code. */
export function tellFailure(error: unknown, { note }: Context, json: boolean): number {
  if (error instanceof ExitError) {
    return error.exitCode;
  }
  if (error instanceof CommanderError && error.exitCode === 0) {
    return 0;
  }
  const isMisuse = error instanceof CommanderError || error instanceof UsageError;
  if (json) {
    note(jsonText({ error: isMisuse ? misuse(error) : failureOf(error) }));
  } else if (!(error instanceof CommanderError)) {
    // Commander has printed its own complaint already.
    note(`stratum: ${adviceFor(error) ?? sentenceOf(error)}`);
  }
  return isMisuse ? 2 : 1;
}

function misuse({ message }: Error): Failure {
  return { code: 'USAGE', message: message.replace(/^error: /, '') };
}

function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { code, message, details, issues, requestId } = error;
    return {
      code,
      message,
      details,
      ...(issues.length > 0 && { issues }),
      ...(requestId && { request_id: requestId }),
    };
  }
  const isNamed = error instanceof UnreachableError || error instanceof TimeoutError || error instanceof StratumError;
  return isNamed ? { code: error.code, message: error.message } : { code: 'FAILED', message: sentenceOf(error) };
}

/** What the server said, and what can be done about it here. */
function adviceFor(error: unknown): string | null {
  if (error instanceof UnreachableError) {
    return `${error.message}. Start Stratum with "npm start", or say where it is with --url or STRATUM_URL.`;
  }
  if (error instanceof ApiError) {
    const issues = error.issues.map(({ path, message }) => `\n  ${path.join('.')} ${message}`).join('');
    const hint = error.code === 'UNAUTHORIZED' ? '. Say which key to use with --api-key or STRATUM_API_KEY.' : '';
    return `${error.code}: ${error.message}${hint}${issues}`;
  }
  return null;
}
