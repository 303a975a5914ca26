/** Errors in MLflow's shape and words: `error_code` and `message`, and what 3.x adds to them. */
import { isLoadlineError, type LoadlineError } from '../../errors.ts';

interface CodeRow {
  readonly http: number;
  readonly sqlstate: string;
  readonly errorClass: string;
}

/**
 * HTTP status and classification of each code (mlflow 3.17 exceptions.py, error_classification.py). Where MLflow has 5xx for
 * what stays so, this has 4xx: its clients repeat a 5xx seven times and hang for minutes.
 */
const CODES = {
  INVALID_PARAMETER_VALUE: { http: 400, sqlstate: 'KAM00', errorClass: 'INVALID_PARAMETER_VALUE' },
  BAD_REQUEST: { http: 400, sqlstate: 'KAM00', errorClass: 'INVALID_PARAMETER_VALUE' },
  RESOURCE_ALREADY_EXISTS: { http: 400, sqlstate: 'KAM00', errorClass: 'RESOURCE_ALREADY_EXISTS' },
  RESOURCE_DOES_NOT_EXIST: { http: 404, sqlstate: 'KAM00', errorClass: 'RESOURCE_NOT_FOUND' },
  ENDPOINT_NOT_FOUND: { http: 404, sqlstate: 'KAM00', errorClass: 'RESOURCE_NOT_FOUND' },
  RESOURCE_CONFLICT: { http: 409, sqlstate: 'KAM00', errorClass: 'INVALID_PARAMETER_VALUE' },
  INVALID_STATE: { http: 409, sqlstate: 'XXM00', errorClass: 'CLIENT_INTERNAL_ERROR' },
  INTERNAL_ERROR: { http: 400, sqlstate: 'XXM00', errorClass: 'CLIENT_INTERNAL_ERROR' },
  TEMPORARILY_UNAVAILABLE: { http: 503, sqlstate: 'XXM00', errorClass: 'CLIENT_INTERNAL_ERROR' },
} as const satisfies Record<string, CodeRow>;

export type MlflowCode = keyof typeof CODES;

/** What a request ends with where it fails. */
export class MlflowFault extends Error {
  readonly code: MlflowCode;
  /** HTTP status, where it is not that of the code. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: MlflowCode,
    message: string,
    answer: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = answer.status ?? CODES[code].http;
    this.headers = answer.headers ?? {};
  }
}

export function invalid(message: string): MlflowFault {
  return new MlflowFault('INVALID_PARAMETER_VALUE', message);
}

export function missing(message: string): MlflowFault {
  return new MlflowFault('RESOURCE_DOES_NOT_EXIST', message);
}

export function exists(message: string): MlflowFault {
  return new MlflowFault('RESOURCE_ALREADY_EXISTS', message);
}

export function errorBody({ code, message }: MlflowFault): string {
  const { sqlstate, errorClass } = CODES[code];
  return JSON.stringify({ error_code: code, message, sqlstate, error_class: errorClass });
}

/** Any fault as MLflow says it; null for one that is a fault of this program. */
export function faultOf(error: unknown): MlflowFault | null {
  if (error instanceof MlflowFault) {
    return error;
  }
  return isLoadlineError(error) ? translate(error) : null;
}

function translate(error: LoadlineError): MlflowFault | null {
  switch (error.code) {
    case 'LL7001':
      return missing(error.message);
    case 'LL7007':
      return invalid('Invalid path');
    case 'LL7010':
    case 'LL1001':
      return invalid(error.message);
    case 'LL7011':
    case 'LL7015':
      return new MlflowFault('RESOURCE_CONFLICT', `${error.message}. ${error.fix}`);
    case 'LL7008':
    case 'LL1007':
      return new MlflowFault('INVALID_STATE', `${error.message}. ${error.fix}`);
    case 'LL7009':
      // Somebody else's write: the one fault that waiting mends.
      return new MlflowFault('TEMPORARILY_UNAVAILABLE', error.message);
    default:
      return null;
  }
}
