/** Who may ask at all: the host that was meant, the page it comes from, the key. */
import { isIP } from 'node:net';
import { isLoopback } from '../../config/keys.ts';

/** Answered without a key, as MLflow does: what probes and clients ask first. */
const OPEN = new Set(['/health', '/api/3.0/mlflow/server-info', '/ajax-api/3.0/mlflow/server-info']);

/** Answered whatever the host that was meant: probes have no name for it. */
const ANY_HOST = new Set(['/health', '/version']);

const CHANGING = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Words of MLflow's own refusals (mlflow 3.17 server/security_utils.py, server/auth). */
export const REFUSALS = {
  host: 'Invalid Host header - possible DNS rebinding attack detected',
  origin: 'Cross-origin request blocked',
  key: 'You are not authenticated. Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, to a key of this server.',
} as const;

export function needsNoKey(path: string): boolean {
  return OPEN.has(path);
}

/**
 * Whether a `Host` header names this server. A page that makes its own name lead here (DNS rebinding) sends that name, so
 * addresses are safe, and of the names only those that are known. `allowed` may have `*` in them.
 */
export function isOwnHost(header: string | undefined, path: string, allowed: readonly string[]): boolean {
  if (ANY_HOST.has(path)) {
    return true;
  }
  const { host } = parseHost(header ?? '');
  return (
    isLoopback(host) ||
    isIP(host.replace(/^\[|\]$/g, '')) !== 0 ||
    allowed.some((pattern) => matches(header ?? '', pattern) || matches(host, pattern))
  );
}

/** Whether a page of another site wants to change something. Pages of this machine may, as with MLflow. */
export function isForeignWrite(method: string, origin: string | undefined): boolean {
  if (origin === undefined || !CHANGING.has(method)) {
    return false;
  }
  const host = URL.canParse(origin) ? new URL(origin).hostname : '';
  return !isLoopback(host);
}

export interface Credentials {
  /** As `Bearer` with the key in it, which is how keys are looked up; undefined where there is none. */
  readonly bearer: string | undefined;
  /** Of Basic: null for a token. */
  readonly user: string | null;
}

/** MLFLOW_TRACKING_TOKEN comes as Bearer, MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD as Basic. */
export function credentialsOf(authorization: string | undefined): Credentials {
  const basic = /^basic +([\w+/=-]+) *$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) {
    return { bearer: authorization, user: null };
  }
  const decoded = Buffer.from(basic, 'base64').toString();
  const colon = decoded.indexOf(':');
  const user = decoded.slice(0, Math.max(colon, 0));
  return { bearer: `Bearer ${decoded.slice(colon + 1)}`, user: user === '' ? null : user };
}

function parseHost(header: string): { readonly host: string } {
  return { host: header.toLowerCase().replace(/:\d+$/, '') };
}

function matches(text: string, pattern: string): boolean {
  const escaped = pattern.toLowerCase().replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*')}$`).test(text.toLowerCase());
}
