import { expect } from 'vitest';
import type { z } from 'zod';
import { type Issue, StratumError } from '../../src/domain/errors.ts';
import { parse } from '../../src/domain/validation.ts';

/** What a schema finds wrong with a value, as paths with codes; nothing when it is accepted. */
export function refusedBy(schema: z.ZodType, value: unknown, path: Issue['path'] = []): string[][] {
  try {
    parse(schema, value, path);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StratumError);
    const { code, issues } = error as StratumError;
    expect(code).toBe('VALIDATION_ERROR');
    return issues!.map((issue) => [issue.path.join('.'), issue.code]);
  }
}
