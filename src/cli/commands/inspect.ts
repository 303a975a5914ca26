import { bytesText } from '../../bytes/size-text.ts';
import { EXIT, isLoadlineError, type LoadlineError } from '../../errors.ts';
import type { ReadFile } from '../../formats/model-file.ts';
import { METHODS } from '../../model/fitted.ts';
import type { Model } from '../../model/model.ts';
import type { FetchedVersion } from '../../versions/types.ts';
import { defineCommand } from '../define.ts';
import { LIMITS_OPTION, readLimits } from '../limits.ts';
import { MODEL_HELP, STORE_OPTION } from '../model-options.ts';
import { declaredLines, featureLines, fittedJson, fittedTree } from '../output/model-lines.ts';
import { problemJson } from '../output/problem.ts';
import { columns, tree } from '../output/table.ts';
import { print, type Terminal } from '../output/terminal.ts';

export const inspect = defineCommand({
  name: 'inspect',
  args: [{ spec: '<model>', help: `${MODEL_HELP}; any file is safe to look at`, completes: ['version'] }],
  group: 'Serve',
  summary: 'what is in a model file, and is it safe',
  examples: [
    'loadline inspect model.pkl',
    'loadline inspect models:/house-price@champion',
    'loadline inspect model.pkl --json',
  ],
  options: [STORE_OPTION, LIMITS_OPTION, { flags: '--json', help: 'one JSON object on stdout' }],
  async run([given = ''], options, terminal) {
    const { inspectModel } = await import('../../formats/open.ts');
    const { buildModel } = await import('../../formats/model-file.ts');
    const { bring } = await import('../models.ts');
    const { path, registered } = await bring(given, options, terminal);
    const read = await inspectModel(path, readLimits(options));
    const outcome = attempt(() => buildModel(read));
    if (options.json) {
      print(terminal, JSON.stringify(inspection(read, outcome, registered), null, 2));
    } else {
      for (const line of report(read, outcome, registered, terminal)) {
        print(terminal, line);
      }
    }
    return EXIT.ok;
  },
});

type Outcome = { readonly model: Model } | { readonly problem: LoadlineError };

function attempt(build: () => Model): Outcome {
  try {
    return { model: build() };
  } catch (error) {
    if (isLoadlineError(error)) {
      return { problem: error };
    }
    throw error;
  }
}

const VERDICTS = ['dangerous', 'unknown', 'known estimator', 'known data'] as const;

function inspection(
  read: ReadFile,
  outcome: Outcome,
  registered: FetchedVersion | null,
): Record<string, unknown> {
  const { model, problem } = { model: null, problem: null, ...outcome };
  return {
    apiVersion: 'loadline/v1',
    kind: 'Inspection',
    version:
      registered === null
        ? null
        : { name: registered.name, version: registered.version, uri: registered.uri },
    origin: read.origin,
    declared: read.declared,
    verdict: verdictOf(read, outcome),
    problem: problem === null ? null : problemJson(problem).error,
    model:
      model === null
        ? null
        : {
            estimator: model.fitted.name,
            task: model.signature.task,
            input: model.signature.input,
            features: model.signature.features,
            classes: model.signature.classes,
            outputs: model.signature.nOutputs,
            methods: model.signature.methods.map((method) => METHODS[method]),
            tree: fittedJson(model.fitted),
          },
    globals: read.audit.globals,
    trailingBytes: read.contents.trailingBytes,
  };
}

/** `dangerous`, `unsafe` (needs unknown code), `unsupported`, or `servable`. */
function verdictOf(read: ReadFile, outcome: Outcome): string {
  if (read.audit.verdict === 'dangerous') {
    return 'dangerous';
  }
  if ('model' in outcome) {
    return 'servable';
  }
  return outcome.problem.exit === EXIT.unsafe ? 'unsafe' : 'unsupported';
}

function report(
  read: ReadFile,
  outcome: Outcome,
  registered: FetchedVersion | null,
  terminal: Terminal,
): string[] {
  const { color, symbol } = terminal;
  const { origin, contents, audit } = read;
  const dot = ` ${symbol.dot} `;
  const libraries = [
    origin.sklearn === null ? null : `scikit-learn ${origin.sklearn}`,
    origin.numpy === null ? null : `numpy ${origin.numpy}`,
    origin.python === null ? null : `Python ${origin.python}`,
  ].filter((part) => part !== null);
  const lines = [
    `${color.bold(origin.file)}  ${headline(outcome, dot)}`,
    '',
    ...columns([
      ...(registered === null ? [] : [['  version', registered.uri]]),
      ['  made by', libraries.join(dot) || 'not said'],
      [
        '  file',
        [
          bytesText(origin.bytes),
          origin.container === 'raw'
            ? null
            : `${origin.container}, ${bytesText(origin.unpackedBytes)} unpacked`,
          `${origin.joblib ? 'joblib' : origin.format} protocol ${origin.protocol}`,
        ]
          .filter((part) => part !== null)
          .join(dot),
      ],
      ['  sha256', origin.sha256],
    ]),
  ];
  if ('model' in outcome) {
    const { model } = outcome;
    lines.push('', 'Estimator', ...tree(terminal, fittedTree(model.fitted, dot)).map((line) => `  ${line}`));
    lines.push('', ...featureLines(model));
  }
  if (read.declared !== null) {
    lines.push('', ...declaredLines(read.declared));
  }
  const counts = VERDICTS.map((verdict) => {
    const n = audit.globals.filter((use) => use.verdict === verdict).length;
    return `${n} ${verdict}`;
  });
  lines.push('', `Globals  ${audit.globals.length} named: ${counts.join(dot)}`);
  const rows = VERDICTS.flatMap((verdict) =>
    audit.globals
      .filter((use) => use.verdict === verdict)
      .map((use) => [`  ${verdict}`, `${use.module}.${use.name}`, `byte ${use.offset}`]),
  );
  lines.push(...columns(rows));
  if (contents.trailingBytes > 0) {
    lines.push(
      `  ${symbol.warn} ${contents.trailingBytes} bytes after the end of the pickle: no honest writer leaves them`,
    );
  }
  lines.push('', ...verdictLines(read, outcome, terminal));
  return lines;
}

function headline(outcome: Outcome, dot: string): string {
  if ('problem' in outcome) {
    return outcome.problem.title;
  }
  const { fitted, signature } = outcome.model;
  const last = signature.classes?.[0];
  return [
    fitted.name,
    signature.task,
    signature.features === null ? `takes ${signature.input}` : `${signature.features.length} features`,
    last === undefined || signature.nOutputs > 1 ? null : `${last.length} classes`,
    signature.nOutputs > 1 ? `${signature.nOutputs} outputs` : null,
  ]
    .filter((part) => part !== null)
    .join(dot);
}

function verdictLines(read: ReadFile, outcome: Outcome, terminal: Terminal): string[] {
  const { color, symbol } = terminal;
  switch (verdictOf(read, outcome)) {
    case 'servable':
      return [
        `${color.green(symbol.ok)} Can be served: nothing in it was executed, nothing in it needs to be.`,
      ];
    case 'dangerous':
      return [
        `${color.red(symbol.bad)} DANGEROUS: loading this file in Python would run code. It was only read here; nothing was executed.`,
      ];
    default:
      return 'problem' in outcome
        ? [
            `${color.yellow(symbol.warn)} Cannot be served (${outcome.problem.code}): ${outcome.problem.message}`,
            `  fix  ${outcome.problem.fix}`,
          ]
        : [];
  }
}
