import { expect, test } from 'vitest';
import {
  atIndex,
  type ErrorCode,
  invalid,
  invalidField,
  StratumError,
  statusByCode,
  tenantNotFound,
} from '../../src/domain/errors.ts';

test('every code has the status it is listed with', () => {
  const codes = Object.keys(statusByCode) as ErrorCode[];
  expect(codes.map((code) => [code, new StratumError(code, '').statusCode])).toEqual(Object.entries(statusByCode));
});

test('what is printed of an error is code and message, and details and issues if there are any', () => {
  const issues = [{ path: ['a', 0], message: 'no', code: 'invalid' }];
  const cause = new Error('select secret from vault');

  expect(JSON.parse(JSON.stringify(new StratumError('NOT_FOUND', 'no', { cause })))).toEqual({
    code: 'NOT_FOUND',
    message: 'no',
  });
  expect(new StratumError('CONFIG_LOCKED', 'no', { details: { key: 'k' }, issues }).toJSON()).toEqual({
    code: 'CONFIG_LOCKED',
    message: 'no',
    details: { key: 'k' },
    issues,
  });
});

test('an invalid input names every misfit', () => {
  const issues = [{ path: ['a'], message: 'no', code: 'x' }];
  expect(invalid(issues)).toMatchObject({ code: 'VALIDATION_ERROR', message: 'Validation failed', issues });
  expect(invalidField('a', 'no').issues).toEqual([{ path: ['a'], message: 'no', code: 'invalid' }]);
});

test('an error of a batch says which item it is about, and keeps everything else', () => {
  const error = new StratumError('CONFIG_LOCKED', 'no', { details: { key: 'k' } });
  expect(atIndex(error, 3)).toMatchObject({
    code: 'CONFIG_LOCKED',
    message: 'no',
    details: { key: 'k', index: 3 },
    issues: undefined,
    cause: error,
  });
  expect(atIndex(invalidField('a', 'no'), 0)).toMatchObject({ details: { index: 0 }, issues: [{ path: ['a'] }] });
});

test('a tenant that is missing and one that is hidden look the same: nothing is said of it', () => {
  expect(tenantNotFound().toJSON()).toEqual({ code: 'TENANT_NOT_FOUND', message: 'No such tenant' });
});
