import type { Call } from '../call.ts';
import { beneathPath, StratumError } from '../errors.ts';
import { parseWebhookUrl } from './address.ts';

/** A URL that may be called, in its one spelling; `VALIDATION_ERROR` names `url` in the input otherwise. */
export function callableUrl({ limits }: Call, text: string): string {
  try {
    return parseWebhookUrl(text, { allowPrivate: limits.allowPrivateWebhooks }).href;
  } catch (error) {
    throw error instanceof StratumError ? beneathPath(error, ['input']) : error;
  }
}
