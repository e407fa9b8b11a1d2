/**
 * The only reader of the error shapes of Prisma and `pg`. Under a driver adapter Prisma's `meta` is not public API and differs
 * by version; the database's own words (SQLSTATE, constraint, message) are found by walking the error and its causes.
 */
interface DatabaseFault {
  readonly code: string;
  readonly text: string;
}

/** Whether `error` is a unique violation on the named index or constraint. */
export function violatesUnique(error: unknown, name: string): boolean {
  return faults(error).some(({ code, text }) => (code === '23505' || code === 'P2002') && text.includes(name));
}

/** Whether the tree's own trigger refused a tenant beneath itself. */
export function isCycle(error: unknown): boolean {
  return faults(error).some(({ code }) => code === 'STR01');
}

/** Serialization failures, deadlocks and write conflicts: the same transaction may well succeed when it is repeated. */
export function isRetryable(error: unknown): boolean {
  return faults(error).some(({ code }) => code === '40001' || code === '40P01' || code === 'P2034');
}

/** Whether a lock was not to be had in the time set for it. */
export function isLockUnavailable(error: unknown): boolean {
  return faults(error).some(({ code }) => code === '55P03');
}

/** Whether a table that migrations make isn't there. */
export function isTableMissing(error: unknown): boolean {
  return faults(error).some(({ code }) => code === '42P01' || code === 'P2021');
}

const unavailableCodes = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028', // Prisma: unreachable, timed out, closed, no connection or transaction in time
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  '57014', // statement cancelled by its time-out
  '57P01',
  '57P02',
  '57P03',
  '57P05', // shutting down, crashed, starting up, idle time-out
  '53300',
  '53400',
  '53000',
  '53100',
  '53200', // too many connections, out of resources
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '25P03',
  '55P03',
]);

const unavailableTexts =
  /timeout exceeded when trying to connect|timeout expired|connection terminated|client has encountered a connection error|server closed the connection|not queryable|cannot use a pool after|connection ended|transaction api error|query read timeout|databasenotreachable|connectionclosed|sockettimeout/i;

/** Whether the database can't be reached or didn't answer in time: the caller may try again later. */
export function isUnavailable(error: unknown): boolean {
  return faults(error).some(({ code, text }) => unavailableCodes.has(code) || unavailableTexts.test(text));
}

function faults(error: unknown, depth = 0): DatabaseFault[] {
  if (typeof error !== 'object' || error === null || depth > 6) {
    return [];
  }
  const fields = error as Record<string, unknown>;
  const code = String(fields['originalCode'] ?? fields['code'] ?? '');
  const text = [
    fields['message'],
    fields['originalMessage'],
    fields['constraint'],
    fields['kind'],
    constraintOf(fields),
  ]
    .map(textOf)
    .join(' ');
  const inner = [fields['cause'], fields['meta'], fields['driverAdapterError'], fields['error']];
  return [{ code, text }, ...inner.flatMap((one) => faults(one, depth + 1))];
}

function constraintOf({ constraint }: Record<string, unknown>): unknown {
  return typeof constraint === 'object' && constraint !== null ? Object.values(constraint).flat() : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : '';
}
