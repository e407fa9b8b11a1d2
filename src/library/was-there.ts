import { StratumError } from '../domain/errors.ts';

/** Whether what a change is about was there, for methods that answer that it wasn't with false. */
export async function wasThere(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (error instanceof StratumError && error.code === 'NOT_FOUND') {
      return false;
    }
    throw error;
  }
}
