import { z } from 'zod';
import { json, text } from '../validation.ts';

/** A batch of config entries is at most this long. */
export const maxBatchEntries = 200;

/** Keys are any text of 1 to 255 characters. */
export const configKey = text(1, 255);

export const setConfigInput = z.object({
  key: configKey,
  value: json,
  locked: z.boolean().nullish(),
  sensitive: z.boolean().nullish(),
});

export interface SetConfigInput {
  readonly key: string;
  readonly value?: unknown;
  /** Whether descendants may not override it; false unless told. */
  readonly locked?: boolean | null | undefined;
  /** Whether the value is a secret. Left out, it stays as it is; an override of a sensitive key is sensitive whatever is said. */
  readonly sensitive?: boolean | null | undefined;
}
