import { type ErrorCode, statusByCode } from '../domain/errors.ts';

/** Every code an answer can carry. */
export const errorCodes = Object.keys(statusByCode) as ErrorCode[]; // the table's own keys

/** What the body parser and the rate limiter refuse before any route runs, beside the statuses of codes. */
const transportStatuses: Readonly<Record<number, ErrorCode>> = { 413: 'VALIDATION_ERROR', 415: 'VALIDATION_ERROR' };

/** The codes that come with each status, in order of status. */
export function codesByStatus(): Map<number, string[]> {
  const codes = new Map<number, string[]>();
  const add = (status: number, code: string) => codes.set(status, [...(codes.get(status) ?? []), code]);
  for (const code of errorCodes) {
    add(statusByCode[code], code);
  }
  for (const [status, code] of Object.entries(transportStatuses)) {
    add(Number(status), code);
  }
  return new Map([...codes].sort(([a], [b]) => a - b));
}
