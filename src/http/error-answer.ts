import { isUnavailable } from '../db/errors.ts';
import { type ErrorBody, StratumError, statusByCode } from '../domain/errors.ts';

/** What a caller is told of an error, whichever door prints it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
  /** What the log has to know; null for what the caller did wrong. */
  readonly fault: unknown;
}

/** The framework's own refusals in our words; they all come before any route. */
const refusals: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'The path is not valid: a percent sign must be followed by two digits',
  FST_ERR_MAX_PARAM_LENGTH: 'A part of the path is too long',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than 1 MiB',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The Content-Type must be application/json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON, or has a field named __proto__',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says',
};

const generic = 'An unexpected error occurred';

/** What to tell the caller. Of what nobody foresaw that is nothing but that. */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof StratumError && error.code !== 'INTERNAL_SERVER_ERROR') {
    return answerOf(error.toJSON(), error.statusCode < 500 ? null : (error.cause ?? error));
  }
  const cause = error instanceof StratumError ? (error.cause ?? error) : error;
  return refusalOf(error) ?? outageOf(cause) ?? answerOf({ code: 'INTERNAL_SERVER_ERROR', message: generic }, cause);
}

function outageOf(error: unknown): ErrorAnswer | null {
  const message = 'The database can not be reached or did not answer in time; repeat the request in a moment';
  return isUnavailable(error) ? answerOf({ code: 'SERVICE_UNAVAILABLE', message }, error) : null;
}

function answerOf(body: ErrorBody, fault: unknown, status: number = statusByCode[body.code]): ErrorAnswer {
  return { status, headers: headersFor(status), body, fault };
}

function headersFor(status: number): Record<string, string> {
  return status === 401 ? { 'WWW-Authenticate': 'Bearer' } : status === 503 ? { 'Retry-After': '1' } : {};
}

/** What the framework and its plugins refuse carries the status to answer with. */
function refusalOf(error: unknown): ErrorAnswer | null {
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) {
    return null;
  }
  if (statusCode === 404) {
    return answerOf({ code: 'NOT_FOUND', message: 'There is nothing here' }, null);
  }
  const message = refusals[String(code)] ?? 'The request is not valid';
  // A part of a path that is far too long gets what one gets that is a little too long.
  return answerOf({ code: 'VALIDATION_ERROR', message }, null, statusCode === 414 ? 400 : statusCode);
}
