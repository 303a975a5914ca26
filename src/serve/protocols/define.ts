/** The shape of a protocol: routes that decode a request to rows and encode a prediction, and its own form of an error. */
import type { LoadlineError } from '../../errors.ts';
import type { Data } from '../../model/data.ts';
import type { Model } from '../../model/model.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { Answer, HttpRequest } from '../http.ts';
import type { FollowStatus } from '../roster/plan.ts';

/** A loaded model under the name it is served by. */
export interface Served {
  readonly model: Model;
  readonly name: string;
  /** Null where the model has no version. */
  readonly version: string | null;
  /** Name and value of the header that says which version answered. */
  readonly header: readonly string[];
}

/** What a request asks of the model. */
export interface Ask<Detail = unknown> {
  readonly rows: Data;
  /** `transform` is asked only by name; `predict` of a model without it transforms as well. */
  readonly method: 'predict' | 'transform';
  readonly probabilities: boolean;
  /** What the protocol's `encode` needs to know of the request. */
  readonly detail: Detail;
}

/** A route that predicts. */
export interface PredictRoute<Detail = unknown> {
  readonly kind: 'predict';
  readonly method: 'POST';
  /** Path with `{model}` and `{version}` where it has them: both are compared with what is served before `decode`. */
  readonly path: string;
  /** Whether a large answer may be compressed for a client that accepts it. */
  readonly compress?: boolean;
  /** Throws LL2010 for a content type that the route does not read. */
  checkType(contentType: string | undefined): void;
  /** Where two protocols have the same path: whether this request is this one's. The last one takes what is left. */
  claims?(request: HttpRequest): boolean;
  /** Throws LL20xx. */
  decode(request: HttpRequest, served: Served): Ask<Detail>;
  encode(prediction: Prediction, ask: Ask<Detail>, served: Served): Answer;
}

/** A route that answers without the model being asked. */
export interface PlainRoute {
  readonly kind: 'plain';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Probes are open: they are answered without a key. */
  isOpen(request: { readonly headers: { readonly accept?: string | undefined } }): boolean;
  /** `about` is the model in the path, else the first. */
  handle(request: HttpRequest, site: Site, about: SiteModel): Answer | Promise<Answer>;
}

export type Route = PredictRoute | PlainRoute;

/** `loading` also stands for a model that was unloaded; `closing` has stopped to listen. */
export type SiteState = 'loading' | 'ready' | 'draining' | 'closing';

/** One of the models that a server has. */
export interface SiteModel {
  readonly name: string;
  readonly state: SiteState;
  /** The version in the path, else the one that answers; null while there is none. */
  readonly served: Served | null;
  /** Versions that may be asked for by number; none where they have no numbers. */
  readonly versions: readonly string[];
}

/** What a plain route may know of the server. */
export interface Site {
  /** Version of Loadline. */
  readonly software: string;
  /** `ready` when every model is. */
  state(): SiteState;
  /** Every model, in the order of the plan: the first is the one of routes that name none. */
  models(): readonly SiteModel[];
  /** The references that are followed. */
  follows(): readonly FollowStatus[];
  metrics(): string | Promise<string>;
  /** Every route, for the API description. */
  routes(): readonly Route[];
  /** Loads a model again and unloads it; null where the server was started without keys. */
  readonly repository: Repository | null;
}

export interface Repository {
  load(name: string): Promise<void>;
  unload(name: string): Promise<void>;
}

/** What decides which routes there are. */
export interface ProtocolOptions {
  readonly dialect: Dialect;
  readonly vertex: VertexRoutes | null;
}

export const DIALECTS = ['auto', 'mlflow', 'sagemaker'] as const;
/** Whose rules hold on `/ping` and `/invocations`, which MLflow and SageMaker share; `auto` tells them apart by the body. */
export type Dialect = (typeof DIALECTS)[number];

/** Routes that Vertex AI gives to a container by environment. */
export interface VertexRoutes {
  readonly health: string;
  readonly predict: string;
}

export interface Protocol {
  readonly name: string;
  /** Whether a path that no route has is still answered in this protocol's form of an error. */
  owns(path: string): boolean;
  routes(options: ProtocolOptions): readonly Route[];
  encodeError(error: LoadlineError): Answer;
}

/** Types a protocol. */
export function defineProtocol(protocol: Protocol): Protocol {
  return Object.freeze(protocol);
}

/** Types a predicting route, whose `detail` only its own `decode` and `encode` know. */
export function predictRoute<Detail>(route: Omit<PredictRoute<Detail>, 'kind' | 'method'>): PredictRoute {
  return { kind: 'predict', method: 'POST', ...route } as PredictRoute;
}

/** Types a plain route; `open` for probes. */
export function plainRoute(
  method: PlainRoute['method'],
  path: string,
  open: boolean,
  handle: PlainRoute['handle'],
): PlainRoute {
  return { kind: 'plain', method, path, isOpen: () => open, handle };
}
