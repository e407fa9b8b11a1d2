import { z } from 'zod';
import { rateWindowMs } from '../../rate-window.ts';
import type { Scope } from '../principal.ts';
import { overlapUpTo, text, uuid } from '../validation.ts';

/** At least one scope, each once. */
export const scopeList = z
  .array(z.custom<Scope>())
  .min(1, 'must name at least one scope')
  .transform((scopes) => [...new Set(scopes)]);

const keyName = text(1, 255);

const future = z.date().refine((moment) => moment.getTime() > Date.now(), 'must lie in the future');

const rateWindow = z
  .string()
  .refine((text) => rateWindowMs(text) !== null, 'must be a span like "30 seconds", "1 minute", "2 hours" or "1 day"');

const maxRate = 100_000;

export const createApiKeyInput = z
  .object({
    tenantId: uuid.nullable(),
    name: keyName.nullish(),
    scopes: scopeList,
    expiresAt: future.nullish(),
    rateLimitMax: z.number().int().min(1, `must be 1 to ${maxRate}`).max(maxRate, `must be 1 to ${maxRate}`).nullish(),
    rateLimitWindow: rateWindow.nullish(),
  })
  .refine(({ rateLimitMax, rateLimitWindow }) => !rateLimitWindow || rateLimitMax, {
    path: ['rateLimitMax'],
    message: 'is required with rateLimitWindow',
  });
/** As a caller gives it, before it is checked. */
export type CreateApiKeyInput = Partial<z.input<typeof createApiKeyInput>>;

/** A year: whoever needs longer has two keys. */
const maxOverlapSeconds = 31_536_000;

export const rotateApiKeyInput = z.object({
  name: keyName.nullish(),
  overlapSeconds: overlapUpTo(maxOverlapSeconds).nullish(),
});

export const dormantDays = z.number().int().min(1, 'must be 1 to 365').max(365, 'must be 1 to 365');
