import { isTableMissing, isUnavailable } from '../db/errors.ts';

/** What a person can do something about is a sentence; a fault of ours keeps its stack. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError) {
    return error.stack ?? error.message;
  }
  if (isTableMissing(error)) {
    return 'the database holds no Stratum, or one of an older version: run "stratum migrate" first';
  }
  return isUnavailable(error) ? `the database can't be reached: ${reasonOf(error)}` : reasonOf(error);
}

/** Trying several addresses fails with several errors and no words of its own. */
function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return error.message === '' && first instanceof Error ? first.message : error.message;
}
