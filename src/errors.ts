/**
 * Every error a user can meet: one table from which messages, HTTP answers, exit codes and the docs page are made.
 */

/** Process exit codes, the same for every command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  notFound: 4,
  unsafe: 5,
  parity: 6,
  objective: 7,
  missing: 8,
  locked: 9,
} as const;

export type ExitName = keyof typeof EXIT;

interface ErrorRow {
  /** What went wrong, as a title: no value of the moment in it. */
  readonly title: string;
  /** HTTP status when it happens while answering a request. */
  readonly http: number;
  readonly exit: ExitName;
  /** What a person does about it. */
  readonly fix: string;
}

/** LL1 command line and set-up · LL2 requests and input rows · LL3 files and pickles · LL4 estimators · LL5 serving · LL6 images · LL7 model versions. */
export const ERRORS = {
  LL1001: {
    title: 'usage',
    http: 500,
    exit: 'usage',
    fix: 'Run the command with --help: it lists the arguments and shows examples.',
  },
  LL1002: {
    title: 'a required tool is missing or too old',
    http: 500,
    exit: 'missing',
    fix: 'Install what the message names; `loadline doctor` shows all that is checked.',
  },
  LL1003: {
    title: 'the port is taken',
    http: 500,
    exit: 'failed',
    fix: 'Stop the program that holds the port, or choose another with --port.',
  },
  LL1004: {
    title: 'an address that is not loopback needs keys',
    http: 500,
    exit: 'config',
    fix: 'Set LOADLINE_API_KEYS, or pass --allow-anonymous if everyone who reaches the port may ask.',
  },
  LL1005: {
    title: 'configuration is not valid',
    http: 500,
    exit: 'config',
    fix: 'Correct the setting that the message names.',
  },
  LL1006: {
    title: 'file not found',
    http: 500,
    exit: 'notFound',
    fix: 'Check the path; it is read relative to the current folder.',
  },
  LL1007: {
    title: 'the output cannot be written',
    http: 500,
    exit: 'failed',
    fix: 'Check that the folder exists, may be written and has room; nothing was left half-written.',
  },
  LL1008: {
    title: 'no such error code',
    http: 500,
    exit: 'notFound',
    fix: 'Run `loadline explain` without a code to list them all.',
  },
  LL1009: {
    title: 'the model does not have this method',
    http: 400,
    exit: 'failed',
    fix: 'Ask for what the model offers: `loadline inspect` lists its methods.',
  },
  LL1010: {
    title: 'loadline.yaml is not valid',
    http: 500,
    exit: 'config',
    fix: 'Correct what the message names, at the line and column it gives; `loadline schema config` prints the schema.',
  },
  LL1099: {
    title: 'internal error',
    http: 500,
    exit: 'failed',
    fix: 'This is a defect in Loadline. Run again with --debug and report what it prints.',
  },

  LL2001: {
    title: 'the body is not valid JSON',
    http: 400,
    exit: 'failed',
    fix: 'Send JSON such as {"features": [1.0, 2.0]}; the message gives the position of the first bad character.',
  },
  LL2002: {
    title: 'the request has the wrong shape',
    http: 400,
    exit: 'failed',
    fix: 'Send {"features": row} or {"features": [row, …]}; a row is an array, an object by column name, or a string for a text model.',
  },
  LL2003: {
    title: 'a row has the wrong number of values',
    http: 400,
    exit: 'failed',
    fix: 'Send one value per feature in the order of training, or an object by column name. `loadline inspect` lists the features.',
  },
  LL2004: {
    title: 'a column is missing',
    http: 400,
    exit: 'failed',
    fix: 'Add the column; send null where the value is not known and the model accepts missing values.',
  },
  LL2005: {
    title: 'a column is unknown',
    http: 400,
    exit: 'failed',
    fix: 'Remove the column or correct its name; `loadline inspect` lists the features.',
  },
  LL2006: {
    title: 'a value has the wrong type',
    http: 400,
    exit: 'failed',
    fix: 'Send the type the message asks for.',
  },
  LL2007: {
    title: 'a value is missing or not finite where the model refuses it',
    http: 400,
    exit: 'failed',
    fix: 'Fill the value in before asking, or put an imputer in the pipeline when training.',
  },
  LL2008: {
    title: 'the batch is empty',
    http: 400,
    exit: 'failed',
    fix: 'Send at least one row.',
  },
  LL2009: {
    title: 'the body is too large',
    http: 413,
    exit: 'failed',
    fix: 'Send fewer rows in one request, or raise the limit with --max-body.',
  },
  LL2010: {
    title: 'the content type is not supported',
    http: 415,
    exit: 'failed',
    fix: 'Send application/json, or text/csv where the protocol has it.',
  },
  LL2011: {
    title: 'no such route',
    http: 404,
    exit: 'notFound',
    fix: 'GET /openapi.json lists the routes.',
  },
  LL2012: {
    title: 'no such model',
    http: 404,
    exit: 'notFound',
    fix: 'GET /v2/models lists the models this server has.',
  },
  LL2013: {
    title: 'the method is not allowed on this route',
    http: 405,
    exit: 'failed',
    fix: 'Use the method named in the Allow header.',
  },
  LL2014: {
    title: 'a category is not known to the model',
    http: 400,
    exit: 'failed',
    fix: "Send one of the categories seen in training, or train the encoder with handle_unknown='ignore'.",
  },
  LL2015: {
    title: 'a value is outside the range the model accepts',
    http: 400,
    exit: 'failed',
    fix: 'Send a value in the range that the message gives.',
  },
  LL2016: {
    title: 'no valid API key',
    http: 401,
    exit: 'failed',
    fix: 'Send the header Authorization: Bearer KEY with one of the keys the server was started with.',
  },
  LL2017: {
    title: 'the key is over its rate',
    http: 429,
    exit: 'failed',
    fix: 'Wait for the seconds in Retry-After, or raise the rate of the key.',
  },
  LL2018: {
    title: 'the input file cannot be read',
    http: 400,
    exit: 'failed',
    fix: 'Give .json, .ndjson, .csv or .parquet; the message names the line or row.',
  },
  LL2019: {
    title: 'a tensor is not valid',
    http: 400,
    exit: 'failed',
    fix: 'Give datatype, shape and as many elements as the shape holds.',
  },
  LL2020: {
    title: 'the body cannot be decompressed',
    http: 400,
    exit: 'failed',
    fix: 'Send a whole gzip or deflate stream, or leave Content-Encoding out.',
  },

  LL3001: {
    title: 'the file is not a model that can be read',
    http: 400,
    exit: 'failed',
    fix: 'Give a scikit-learn model saved with pickle.dump, joblib.dump or skops.io.dump, or an MLflow model folder.',
  },
  LL3002: {
    title: 'the file is damaged or cut off',
    http: 400,
    exit: 'failed',
    fix: 'Copy the file again in binary mode and compare its sha256 with the original.',
  },
  LL3003: {
    title: 'the file breaks its format',
    http: 400,
    exit: 'failed',
    fix: 'Save the model again; no honest writer makes such a file.',
  },
  LL3004: {
    title: 'the file goes over a limit',
    http: 400,
    exit: 'failed',
    fix: 'If the file is yours and honest, raise the limit that the message names: --limits NAME=VALUE.',
  },
  LL3005: {
    title: 'the file names something dangerous',
    http: 400,
    exit: 'unsafe',
    fix: 'Do not load this file in Python. Ask who made it; `loadline inspect` lists what it would run.',
  },
  LL3006: {
    title: 'the prediction needs a value made by code that is not known',
    http: 400,
    exit: 'unsafe',
    fix: 'Train without the custom class or function that the message names, or replace it by one that scikit-learn has.',
  },
  LL3007: {
    title: 'the compression is damaged or not supported',
    http: 400,
    exit: 'failed',
    fix: 'Save the model again with joblib.dump(model, path) or with compress=3.',
  },

  LL4001: {
    title: 'the class is not supported',
    http: 400,
    exit: 'failed',
    fix: 'docs/support.md lists the classes; replace this step, or serve the model with Python.',
  },
  LL4002: {
    title: 'the model is not fitted',
    http: 400,
    exit: 'failed',
    fix: 'Call fit before saving the model.',
  },
  LL4003: {
    title: 'the fitted state is not as this class has it',
    http: 400,
    exit: 'failed',
    fix: 'Save the model again with the scikit-learn that trained it; if it still fails, report the message.',
  },
  LL4004: {
    title: 'an option of the model is not supported',
    http: 400,
    exit: 'failed',
    fix: 'Train with another value of the option that the message names.',
  },
  LL4005: {
    title: 'the file holds something that is not a model',
    http: 400,
    exit: 'failed',
    fix: 'Save the fitted estimator itself: pickle.dump(model, file).',
  },

  LL5001: {
    title: 'the server is saturated',
    http: 429,
    exit: 'failed',
    fix: 'Try again after the seconds in Retry-After; add workers or replicas if it stays.',
  },
  LL5002: {
    title: 'the server is shutting down',
    http: 503,
    exit: 'failed',
    fix: 'Send the request to another replica.',
  },
  LL5003: {
    title: 'the model is not ready',
    http: 503,
    exit: 'failed',
    fix: 'Wait until /readyz answers 200.',
  },
  LL5004: {
    title: 'the request took too long',
    http: 504,
    exit: 'failed',
    fix: 'Send fewer rows in one request.',
  },
  LL5005: {
    title: 'the model cannot be changed here',
    http: 403,
    exit: 'failed',
    fix: 'Start the server with LOADLINE_API_KEYS to load and unload models over HTTP.',
  },

  LL6001: {
    title: 'the name of an image is not valid',
    http: 500,
    exit: 'usage',
    fix: 'Write [registry/]name[:tag], as in ml-model:v1 or ghcr.io/team/ml-model:v1.',
  },
  LL6002: {
    title: 'no such image',
    http: 500,
    exit: 'notFound',
    fix: 'Check the name and the tag; a registry may also say this of an image that you may not see.',
  },
  LL6003: {
    title: 'the registry cannot be reached',
    http: 500,
    exit: 'failed',
    fix: 'Check the host, the network and the proxy, and try again; nothing was tagged.',
  },
  LL6004: {
    title: 'the registry refuses access',
    http: 500,
    exit: 'config',
    fix: 'Log in with `docker login HOST`, and check that the account may read or write this repository.',
  },
  LL6005: {
    title: 'the registry limits the rate',
    http: 500,
    exit: 'failed',
    fix: 'Wait as long as the message says, log in for a higher limit, or set a mirror with LOADLINE_REGISTRY_MIRRORS.',
  },
  LL6006: {
    title: 'the registry failed',
    http: 500,
    exit: 'failed',
    fix: "Try again; if it stays, the registry's own log says why. Nothing was tagged.",
  },
  LL6007: {
    title: 'content does not have its digest',
    http: 500,
    exit: 'failed',
    fix: 'Try again; if it stays, the registry or a proxy before it damages what it sends.',
  },
  LL6008: {
    title: 'the base image cannot run the server',
    http: 500,
    exit: 'config',
    fix: 'Take a base with Node.js 22.18 or newer on its PATH, such as the default one.',
  },
  LL6009: {
    title: 'no container engine',
    http: 500,
    exit: 'missing',
    fix: 'Install Docker and start it, or build with --engine none, which needs none.',
  },
  LL6010: {
    title: 'the container engine failed',
    http: 500,
    exit: 'failed',
    fix: "The engine's own words are in the message; nothing was tagged.",
  },
  LL6011: {
    title: 'another build holds the images',
    http: 500,
    exit: 'locked',
    fix: 'Wait until it has ended and try again.',
  },
  LL6012: {
    title: 'the image did not pass its test',
    http: 500,
    exit: 'parity',
    fix: 'The table shows which check failed and what was found.',
  },
  LL6013: {
    title: 'the image was not tested',
    http: 500,
    exit: 'parity',
    fix: 'Run `loadline test IMAGE`, or pass --untested to push it all the same.',
  },
  LL6014: {
    title: 'this is not an image',
    http: 500,
    exit: 'config',
    fix: 'Give what the message names as an image of OCI 1 or Docker schema 2; `loadline test` also takes what `build --output` wrote.',
  },
  LL6015: {
    title: 'no image for the platform',
    http: 500,
    exit: 'notFound',
    fix: 'Choose one of the platforms in the message with --platform, or another --base.',
  },
  LL6016: {
    title: 'the stored images are damaged',
    http: 500,
    exit: 'failed',
    fix: 'Remove the folder in the message; the next build fills it again.',
  },
  LL6017: {
    title: 'interrupted',
    http: 500,
    exit: 'failed',
    fix: 'Nothing was left half-done; run the command again.',
  },
  LL7001: {
    title: 'no such model, version or alias',
    http: 404,
    exit: 'notFound',
    fix: 'Choose one of those that the message lists; `loadline models list` shows all of them.',
  },
  LL7002: {
    title: 'the MLflow server cannot be reached',
    http: 503,
    exit: 'failed',
    fix: 'Check MLFLOW_TRACKING_URI and that the server runs; `loadline models server` starts one that speaks its protocol.',
  },
  LL7003: {
    title: 'the MLflow server refuses the credentials',
    http: 502,
    exit: 'failed',
    fix: 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of a user who may read the model.',
  },
  LL7004: {
    title: 'the answer is not one of an MLflow server',
    http: 502,
    exit: 'failed',
    fix: 'Check that MLFLOW_TRACKING_URI names the server itself and not a proxy or another program before it.',
  },
  LL7005: {
    title: 'the version holds no model that Loadline reads',
    http: 422,
    exit: 'failed',
    fix: 'Log the model with its scikit-learn flavor: mlflow.sklearn.log_model; the message names what was found.',
  },
  LL7006: {
    title: 'an artifact is damaged or not whole',
    http: 502,
    exit: 'failed',
    fix: 'Try again; when it stays, log the model once more: what the server keeps is not what was logged.',
  },
  LL7007: {
    title: 'an artifact has a path that leaves its folder',
    http: 502,
    exit: 'unsafe',
    fix: 'Do not use this model: no honest writer makes such a path.',
  },
  LL7008: {
    title: 'the model store cannot be used',
    http: 500,
    exit: 'failed',
    fix: 'Check that --store names a folder made by Loadline and that it may be read and written.',
  },
  LL7009: {
    title: 'the model store is busy',
    http: 503,
    exit: 'locked',
    fix: 'Another process holds the store for longer than expected: wait for it to end, then try again.',
  },
  LL7010: {
    title: 'the name is not allowed',
    http: 400,
    exit: 'usage',
    fix: 'A name has letters, digits, spaces and . _ -; an alias letters, digits, _ and -, and is neither "latest" nor "v" with a number.',
  },
  LL7011: {
    title: 'the version is in use',
    http: 409,
    exit: 'failed',
    fix: 'Move the alias or stop the server that the message names first.',
  },
  LL7012: {
    title: 'DVC cannot give the model',
    http: 404,
    exit: 'notFound',
    fix: 'Check that the file is tracked, and that `dvc push` brought it to the remote that the message names.',
  },
  LL7013: {
    title: 'the version fails its checks',
    http: 422,
    exit: 'failed',
    fix: 'The old version goes on serving; log a version whose signature, example and inputs fit, or move the alias back.',
  },
  LL7014: {
    title: 'there is no version to roll back to',
    http: 409,
    exit: 'failed',
    fix: '`loadline models history` shows where the alias was; name a version with --to.',
  },
  LL7015: {
    title: 'the alias moved meanwhile',
    http: 409,
    exit: 'failed',
    fix: 'Somebody else moved it: look at `loadline models history`, then try again.',
  },
  LL7016: {
    title: 'the reference to a model is not valid',
    http: 400,
    exit: 'usage',
    fix: 'Write a file, models:/NAME@ALIAS, models:/NAME/3, models:/NAME/latest, runs:/RUN/PATH, NAME@ALIAS, NAME/3 or a .dvc file.',
  },
  LL7017: {
    title: 'the running server does not answer',
    http: 502,
    exit: 'failed',
    fix: 'Check that `loadline serve` runs and that --url is its address; LOADLINE_API_KEY is sent where it wants a key.',
  },
  LL7018: {
    title: 'the MLflow server refuses the request',
    http: 502,
    exit: 'failed',
    fix: 'The message has the reason of the server: correct what it names.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** Where and why something failed, beyond the sentence. */
export interface ErrorDetail {
  /** File, step, row or field: what a person looks at first. */
  readonly where?: string;
  /** Replaces the table's advice where the moment knows better. */
  readonly fix?: string;
  /** Row of the request or file, counted from 0. */
  readonly row?: number;
  /** Feature or column, by name where it has one. */
  readonly field?: string;
  /** Byte offset in the file. */
  readonly offset?: number;
  readonly cause?: unknown;
}

/** An error a user can act on: a code of the table, one sentence, and where. */
export class LoadlineError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'LoadlineError';
    this.code = code;
    this.detail = detail;
  }

  get title(): string {
    return ERRORS[this.code].title;
  }

  get http(): number {
    return ERRORS[this.code].http;
  }

  get exit(): number {
    return EXIT[ERRORS[this.code].exit];
  }

  get fix(): string {
    return this.detail.fix ?? ERRORS[this.code].fix;
  }
}

/** Whether something thrown is one of ours. */
export function isLoadlineError(error: unknown): error is LoadlineError {
  return error instanceof LoadlineError;
}
