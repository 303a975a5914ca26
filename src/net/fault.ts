/** Why a connection failed, in words a person can act on. */

/** Longest part of somebody else's words that is shown. */
const MAX_WORDS = 300;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name could not be looked up (DNS)',
};

const CERTIFICATE =
  /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;

export interface Fault {
  /** `passing`: it may work later. */
  readonly kind: 'certificate' | 'not-tls' | 'unknown-name' | 'passing';
  /** Node's name of it, as `ECONNREFUSED`; empty where there is none. */
  readonly code: string;
  /** As in `the connection was refused`. */
  readonly reason: string;
}

/** What node's error of a connection says. */
export function explainFault(error: unknown): Fault {
  const code = codeOf(error);
  if (CERTIFICATE.test(code)) {
    return {
      kind: 'certificate',
      code,
      reason: `its certificate cannot be checked: ${messageOf(error)} (${code})`,
    };
  }
  if (isNotTls(error)) {
    return { kind: 'not-tls', code, reason: 'it does not speak HTTPS' };
  }
  const reason = REASONS[code] ?? messageOf(error);
  return { kind: code === 'ENOTFOUND' ? 'unknown-name' : 'passing', code, reason };
}

/** Whether the other side does not speak TLS. */
export function isNotTls(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EPROTO' || code.startsWith('ERR_SSL_');
}

/** Whether nobody listens. */
export function isRefused(error: unknown): boolean {
  return codeOf(error) === 'ECONNREFUSED';
}

/** The first line of a text from outside, without what a terminal would obey. */
export function oneLine(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, MAX_WORDS);
}

function codeOf(error: unknown): string {
  const { code, errors } = Object(error) as { code?: unknown; errors?: unknown };
  // Several addresses were tried: the first tells.
  return typeof code === 'string' ? code : Array.isArray(errors) ? codeOf(errors[0]) : '';
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error && error.message !== '' ? error.message : String(error));
}
