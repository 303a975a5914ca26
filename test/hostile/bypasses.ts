/**
 * Streams that run code when Python loads them, in the ways that are known to slip past scanners. Each leaves a marker
 * file behind where it runs, so that "nothing was executed" can be seen, and so that the streams themselves can be shown
 * to work.
 */
import { gzipSync } from 'node:zlib';
import {
  binary,
  bytesOf,
  call,
  global,
  le,
  list,
  PROTO_2,
  PROTO_4,
  stackGlobal,
  text,
  tuple,
} from './assemble.ts';

export interface Bypass {
  readonly name: string;
  /** Where it is described. */
  readonly source?: string;
  /** The stream; it would create the file `marker`. */
  readonly stream: (marker: string) => Buffer;
  /** What the audit must name. */
  readonly names: RegExp;
  /**
   * The Python in which loading it creates the marker: one without libraries, or one with scikit-learn. `joblib`: by
   * joblib.load, `twice`: by two pickle.load of one file. Null where it needs an old Python, another system or a network.
   */
  readonly runs: 'python' | 'sklearn' | 'joblib' | 'twice' | null;
}

const touch = (marker: string) => text(`touch ${marker}`);
const code = (marker: string) => text(`open(${JSON.stringify(marker)}, 'w').close()`);
const importOs = call(global('builtins', '__import__'), text('os'));
const END = '.';

/** os.system called by REDUCE. */
const system = (marker: string) => call(global('os', 'system'), touch(marker));

/** joblib's wrapper of an array of objects, after which a whole pickle follows. */
const OBJECT_WRAPPER =
  `${global('joblib.numpy_pickle', 'NumpyArrayWrapper')})\x81}(` +
  `${text('subclass')}${global('numpy', 'ndarray')}${text('shape')}K\x01\x85${text('order')}${text('C')}` +
  `${text('dtype')}${global('numpy', 'dtype')}${text('O8')}\x89\x88\x87R(K\x03${text('|')}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb` +
  `${text('allow_mmap')}\x89ub`;

const CALLS: readonly Bypass[] = [
  { name: 'REDUCE of a GLOBAL', stream: (m) => bytesOf(system(m), END), names: /os\.system/, runs: 'python' },
  {
    name: 'REDUCE of a STACK_GLOBAL',
    stream: (m) => bytesOf(PROTO_4, call(stackGlobal('posix', 'system'), touch(m)), END),
    names: /posix\.system/,
    runs: 'python',
  },
  {
    name: 'INST',
    stream: (m) => bytesOf('(', touch(m), 'ios\nsystem\n', END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'OBJ',
    stream: (m) => bytesOf('(', global('os', 'system'), touch(m), 'o', END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'OBJ whose result is thrown away',
    source: 'GHSA-mxhj-88fx-4pcv',
    stream: (m) => bytesOf(PROTO_4, '(', global('os', 'system'), touch(m), 'o0N', END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'a call inside of a mark that is thrown away',
    stream: (m) => bytesOf('(', system(m), '1N', END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'NEWOBJ_EX of a class that runs a program',
    stream: (m) =>
      bytesOf(
        PROTO_4,
        global('subprocess', 'Popen'),
        ')\x81}',
        text('x'),
        'Nsb0',
        call(global('subprocess', 'call'), list(text('touch'), text(m))),
        END,
      ),
    names: /subprocess\.(Popen|call)/,
    runs: 'python',
  },
  {
    name: 'a call as a key of a dict',
    stream: (m) => bytesOf('}', system(m), 'Ns.'),
    names: /os\.system/,
    runs: 'python',
  },
];

const NAMES: readonly Bypass[] = [
  {
    name: 'names from the memo',
    stream: (m) =>
      bytesOf(PROTO_4, text('os'), '\x940', text('system'), '\x940h\x00h\x01\x93', touch(m), '\x85R.'),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'a name in the memo that is replaced',
    stream: (m) =>
      bytesOf(
        PROTO_4,
        text('math'),
        'q\x000',
        text('os'),
        'q\x000h\x00',
        text('system'),
        '\x93',
        touch(m),
        '\x85R.',
      ),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'the argument of STACK_GLOBAL at byte 0',
    source: 'CVE-2025-71325',
    stream: (m) => bytesOf(text('os'), text('system'), '\x93', touch(m), '\x85R.'),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'a name in escapes of UNICODE',
    stream: (m) => bytesOf(PROTO_4, 'V\\u006f\\u0073\nVsy\\u0073tem\n\x93', touch(m), '\x85R.'),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'a name in escapes of STRING',
    stream: (m) => bytesOf(PROTO_4, "S'\\x6fs'\nS'system'\n\x93", touch(m), '\x85R.'),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'a name as SHORT_BINSTRING',
    stream: (m) => bytesOf(PROTO_4, 'U\x02osU\x06system\x93', touch(m), '\x85R.'),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'a dotted name',
    source: 'GHSA-5j3x-jp52-966f',
    stream: (m) => bytesOf(PROTO_4, call(stackGlobal('os.path', 'os.system'), touch(m)), END),
    names: /os\.path/,
    runs: 'python',
  },
  {
    name: 'a dotted name through a library',
    stream: (m) => bytesOf(PROTO_4, call(stackGlobal('joblib.numpy_pickle', 'os.system'), touch(m)), END),
    names: /joblib\.numpy_pickle\.os\.system/,
    runs: 'sklearn',
  },
  {
    name: 'a module that a library imports, by name',
    stream: (m) =>
      bytesOf(
        PROTO_4,
        call(global('builtins', 'getattr'), stackGlobal('joblib.numpy_pickle', 'os'), text('system')),
        tuple(touch(m)),
        'R.',
      ),
    names: /joblib\.numpy_pickle\.os/,
    runs: 'sklearn',
  },
  {
    name: "a submodule of something dangerous (the scanner's list has the parent)",
    source: 'CVE-2025-10157',
    stream: (m) => bytesOf(PROTO_4, call(stackGlobal('asyncio.unix_events', 'os.system'), touch(m)), END),
    names: /asyncio\.unix_events/,
    runs: 'python',
  },
  {
    name: "Python 2's names, which Python 3 translates",
    stream: (m) => bytesOf(PROTO_2, call(global('commands', 'getoutput'), touch(m)), END),
    names: /commands\.getoutput/,
    runs: 'python',
  },
  {
    name: "Python 2's builtins",
    stream: (m) => bytesOf(PROTO_2, call(global('__builtin__', 'eval'), code(m)), END),
    names: /__builtin__\.eval/,
    runs: 'python',
  },
  {
    name: '__builtins__ of an allowed library',
    source: 'modelscan#331',
    stream: (m) =>
      bytesOf(
        PROTO_4,
        stackGlobal('numpy.linalg', '__builtins__'),
        '0',
        call(global('builtins', 'eval'), code(m)),
        END,
      ),
    names: /numpy\.linalg\.__builtins__/,
    runs: 'sklearn',
  },
];

const INDIRECT: readonly Bypass[] = [
  {
    name: 'getattr on an imported module',
    stream: (m) =>
      bytesOf(call(global('builtins', 'getattr'), importOs, text('system')), tuple(touch(m)), 'R.'),
    names: /builtins\.getattr/,
    runs: 'python',
  },
  {
    name: 'importlib and operator.attrgetter',
    stream: (m) =>
      bytesOf(
        call(global('operator', 'attrgetter'), text('system')),
        tuple(call(global('importlib', 'import_module'), text('os'))),
        'R',
        tuple(touch(m)),
        'R.',
      ),
    names: /operator\.attrgetter/,
    runs: 'python',
  },
  {
    name: 'operator.methodcaller',
    stream: (m) =>
      bytesOf(call(global('operator', 'methodcaller'), text('system'), touch(m)), tuple(importOs), 'R.'),
    names: /operator\.methodcaller/,
    runs: 'python',
  },
  {
    name: 'a partial that is called',
    stream: (m) => bytesOf(call(global('functools', 'partial'), global('os', 'system'), touch(m)), ')R.'),
    names: /os\.system|not a name/,
    runs: 'python',
  },
  {
    name: 'functools.reduce over attributes',
    stream: (m) =>
      bytesOf(
        call(global('functools', 'reduce'), global('builtins', 'getattr'), list(importOs, text('system'))),
        tuple(touch(m)),
        'R.',
      ),
    names: /functools\.reduce/,
    runs: 'python',
  },
  {
    name: 'a map that is made into a list',
    stream: (m) =>
      bytesOf(
        call(
          global('builtins', 'list'),
          call(global('builtins', 'map'), global('os', 'system'), list(touch(m))),
        ),
        END,
      ),
    names: /builtins\.map/,
    runs: 'python',
  },
  {
    name: 'pkgutil.resolve_name',
    source: 'GHSA-vvpj-8cmc-gx39',
    stream: (m) => bytesOf(call(global('pkgutil', 'resolve_name'), text('os:system')), tuple(touch(m)), 'R.'),
    names: /pkgutil\.resolve_name/,
    runs: 'python',
  },
  {
    name: 'pydoc.locate',
    stream: (m) => bytesOf(call(global('pydoc', 'locate'), text('os.system')), tuple(touch(m)), 'R.'),
    names: /pydoc\.locate/,
    runs: 'python',
  },
  {
    name: 'pickle.loads of a pickle in bytes',
    stream: (m) => bytesOf('\x80\x03', call(global('pickle', 'loads'), binary(`${system(m)}.`)), END),
    names: /pickle\.loads/,
    runs: 'python',
  },
  {
    name: "a state with slots, which sets a class's attribute",
    stream: (m) =>
      bytesOf(
        PROTO_2,
        global('collections', 'UserDict'),
        `N}${text('__setstate__')}`,
        global('os', 'system'),
        's\x86b',
        ')\x81',
        touch(m),
        'b.',
      ),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: "numpy's _ufunc_reconstruct, which imports what it is told to",
    stream: (m) =>
      bytesOf(
        PROTO_2,
        call(global('numpy.core', '_ufunc_reconstruct'), text('os'), text('system')),
        tuple(touch(m)),
        'R.',
      ),
    names: /os\.system/,
    runs: null,
  },
  {
    name: 'the text in a scipy distribution, which scipy runs: no name is out of place',
    stream: (m) =>
      bytesOf(
        PROTO_2,
        global('scipy.stats._continuous_distns', 'norm_gen'),
        `)\x81}${text('_parse_arg_template')}`,
        text(`open(${JSON.stringify(m)}, 'w').close()`),
        'sb.',
      ),
    names: /norm_gen a state that it would run as code/,
    runs: 'sklearn',
  },
  {
    name: 'the same text as a list of pairs',
    stream: (m) =>
      bytesOf(
        PROTO_2,
        global('scipy.stats._continuous_distns', 'norm_gen'),
        ')\x81',
        list(tuple(text('_parse_arg_template'), text(`open(${JSON.stringify(m)}, 'w').close()`))),
        'b.',
      ),
    names: /norm_gen a state that it would run as code/,
    runs: 'sklearn',
  },
  {
    name: 'a class made on the spot',
    stream: (m) =>
      bytesOf(
        call(
          global('builtins', 'type'),
          text('X'),
          tuple(global('builtins', 'object')),
          `}${text('__call__')}${global('os', 'system')}s`,
        ),
        '0',
        system(m),
        END,
      ),
    names: /builtins\.type/,
    runs: 'python',
  },
];

const PLACES: readonly Bypass[] = [
  {
    name: 'before the stream breaks off',
    source: 'nullifAI, 2025',
    stream: (m) => bytesOf(PROTO_4, system(m), '0\xff\xff\xff'),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'behind an integer that only CPython reads',
    stream: (m) => bytesOf('I0x10\n0', system(m), END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'behind a value that stays on the stack',
    stream: (m) => bytesOf('N', system(m), END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'behind an argument that reaches over its frame',
    source: 'CPython gh-154848',
    stream: (m) => bytesOf(PROTO_4, `\x95${le(3, 8)}\x8c\x05hello0`, system(m), END),
    names: /os\.system/,
    runs: null,
  },
  {
    name: 'behind a second state of one object',
    stream: (m) => bytesOf(PROTO_2, global('collections', 'UserDict'), ')\x81}b}b0', system(m), END),
    names: /os\.system/,
    runs: 'python',
  },
  {
    name: 'in a second pickle behind the first',
    stream: (m) => bytesOf(PROTO_4, 'N.', system(m), END),
    names: /os\.system/,
    runs: 'twice',
  },
  {
    name: 'in the pickle of an array of objects inside of a joblib file',
    stream: (m) => bytesOf(PROTO_2, OBJECT_WRAPPER, PROTO_2, system(m), '.', END),
    names: /os\.system/,
    runs: 'joblib',
  },
  {
    name: 'in a compressed joblib file',
    stream: (m) => gzipSync(bytesOf(PROTO_2, system(m), END)),
    names: /os\.system/,
    runs: 'joblib',
  },
  {
    name: 'in an attribute of an honest estimator',
    stream: (m) =>
      bytesOf(
        PROTO_2,
        global('sklearn.linear_model._base', 'LinearRegression'),
        `)\x81}${text('tol')}`,
        system(m),
        'sb.',
      ),
    names: /os\.system/,
    runs: 'sklearn',
  },
];

/** Functions that run a text as Python. */
const RUNNERS: readonly (readonly [
  module: string,
  name: string,
  runs: 'python' | 'sklearn',
  source?: string,
])[] = [
  ['builtins', 'exec', 'python'],
  ['builtins', 'eval', 'python'],
  ['timeit', 'timeit', 'python', 'CVE-2025-71351'],
  ['cProfile', 'run', 'python'],
  ['profile', 'run', 'python'],
  ['numpy.f2py.crackfortran', 'myeval', 'sklearn', 'CVE-2025-71365'],
];

/** Functions that run a list as a program. */
const SPAWNERS: readonly (readonly [module: string, name: string, runs: 'python' | null, source?: string])[] =
  [
    ['subprocess', 'call', 'python'],
    ['subprocess', 'check_output', 'python'],
    ['subprocess', 'run', 'python'],
    ['subprocess', 'Popen', 'python'],
    ['pty', 'spawn', 'python', 'CVE-2025-71322'],
  ];

/** Names that a verdict must know without seeing them run. */
const OTHERS: readonly (readonly [module: string, name: string, source?: string])[] = [
  ['nt', 'system'],
  ['os', 'execv'],
  ['os', 'popen'],
  ['os', 'posix_spawn'],
  ['os', 'remove'],
  ['sys', 'setrecursionlimit'],
  ['builtins', 'compile'],
  ['builtins', 'open'],
  ['builtins', 'breakpoint'],
  ['builtins', 'setattr'],
  ['builtins', 'globals'],
  ['builtins', 'filter'],
  ['pip', 'main', 'CVE-2025-1716'],
  ['pip._internal', 'main'],
  ['pip._internal.cli.main', 'main'],
  ['ensurepip', '_run_pip'],
  ['setuptools', 'setup'],
  ['importlib', 'import_module'],
  ['importlib.util', 'spec_from_file_location'],
  ['imp', 'load_source'],
  ['runpy', 'run_path'],
  ['runpy', '_run_code'],
  ['code', 'InteractiveInterpreter.runcode'],
  ['codeop', 'compile_command'],
  ['trace', 'Trace.runctx', 'CVE-2025-71352'],
  ['bdb', 'Bdb.run'],
  ['pdb', 'run'],
  ['doctest', 'debug_script'],
  ['idlelib.pyshell', 'ModifiedInterpreter.runcode', 'CVE-2026-56315'],
  ['idlelib.run', 'Executive.runcode'],
  ['idlelib.calltip', 'Calltip.fetch_tip'],
  ['idlelib.autocomplete', 'AutoComplete.get_entity'],
  ['lib2to3.pgen2.grammar', 'Grammar.loads'],
  ['lib2to3.pgen2.pgen', 'ParserGenerator.make_label'],
  ['asyncio.unix_events', '_UnixSubprocessTransport._start'],
  ['multiprocessing.util', 'spawnv_passfds'],
  ['_posixsubprocess', 'fork_exec'],
  ['_aix_support', '_read_cmd_output'],
  ['_osx_support', '_find_build_tool'],
  ['_pyrepl.pager', 'pipe_pager'],
  ['distutils.spawn', 'spawn'],
  ['distutils.file_util', 'write_file'],
  ['test.support.script_helper', 'assert_python_ok'],
  ['uuid', '_get_command_stdout'],
  ['platform', 'popen'],
  ['imaplib', 'IMAP4_stream'],
  ['ctypes', 'CDLL', 'modelscan#339'],
  ['mmap', 'mmap'],
  ['types', 'FunctionType'],
  ['types', 'CodeType'],
  ['marshal', 'loads'],
  ['pickle', 'load'],
  ['shelve', 'open'],
  ['dill', 'loads'],
  ['cloudpickle', 'loads'],
  ['cloudpickle.cloudpickle', 'subimport'],
  ['yaml', 'unsafe_load'],
  ['jsonpickle', 'decode'],
  ['joblib', 'load'],
  ['joblib.numpy_pickle', 'load'],
  ['numpy', 'load'],
  ['numpy', 'fromfile'],
  ['numpy', 'memmap'],
  ['numpy', 'vectorize'],
  ['numpy.testing._private.utils', 'runstring', 'CVE-2025-71355'],
  ['numpy.f2py', 'compile'],
  ['numpy.f2py.diagnose', 'run_command'],
  ['numpy.distutils.exec_command', 'exec_command'],
  ['pandas', 'read_pickle'],
  ['pandas', 'eval'],
  ['pandas.core.computation.eval', 'eval'],
  ['scipy.io', 'loadmat'],
  ['sklearn.datasets', 'fetch_openml'],
  ['sklearn.datasets._base', '_fetch_remote'],
  ['torch.hub', 'load'],
  ['torch.utils.collect_env', 'run'],
  ['torch.utils.bottleneck.__main__', 'run_cprofile'],
  ['torch.jit.unsupported_tensor_ops', 'execWrapper'],
  ['torch._dynamo.guards', 'GuardBuilder.get'],
  ['socket', 'create_connection'],
  ['urllib.request', 'urlopen'],
  ['http.client', 'HTTPSConnection'],
  ['ftplib', 'FTP'],
  ['smtplib', 'SMTP'],
  ['ssl', 'get_server_certificate'],
  ['webbrowser', 'open'],
  ['antigravity', 'geohash'],
  ['requests', 'get'],
  ['aiohttp', 'request'],
  ['shutil', 'rmtree'],
  ['tempfile', 'mktemp'],
  ['io', 'FileIO'],
  ['_io', 'FileIO'],
  ['io', 'open_code'],
  ['linecache', 'getline'],
  ['fileinput', 'input'],
  ['sqlite3', 'connect'],
  ['zipfile', 'ZipFile'],
  ['tarfile', 'open'],
  ['logging.config', 'listen'],
  ['logging', 'FileHandler'],
  ['configparser', 'ConfigParser'],
  ['gc', 'get_objects'],
  ['atexit', 'register'],
  ['signal', 'signal'],
  ['threading', 'Thread'],
  ['concurrent.futures', 'ThreadPoolExecutor'],
  ['venv', 'create'],
  ['site', 'addsitedir'],
  ['zipimport', 'zipimporter'],
  ['inspect', 'getattr_static'],
  ['dataclasses', 'make_dataclass'],
  ['collections', 'namedtuple'],
  ['itertools', 'starmap'],
  ['weakref', 'finalize'],
  ['contextlib', 'ExitStack'],
  ['typing', 'get_type_hints'],
  ['IPython', 'embed'],
  ['jinja2', 'Template'],
  ['sympy', 'sympify'],
  ['builtins', '__import__'],
  ['builtins', 'vars'],
  ['sklearn.base', '__builtins__'],
  ['sklearn.base', 'os'],
  ['some.other.library', 'system'],
  ['some.other.library', 'subprocess.run'],
  ['_', '__globals__'],
];

/** Every row, in the order of the report. */
export const BYPASSES: readonly Bypass[] = [
  ...CALLS,
  ...NAMES,
  ...INDIRECT,
  ...PLACES,
  ...RUNNERS.map(
    ([module, name, runs, source]): Bypass => ({
      name: `${module}.${name} of a text`,
      ...(source === undefined ? {} : { source }),
      stream: (m) => bytesOf(PROTO_4, call(stackGlobal(module, name), code(m)), END),
      names: new RegExp(`${module}.${name}`),
      runs,
    }),
  ),
  ...SPAWNERS.map(
    ([module, name, runs, source]): Bypass => ({
      name: `${module}.${name} of a program`,
      ...(source === undefined ? {} : { source }),
      stream: (m) => bytesOf(PROTO_4, call(stackGlobal(module, name), list(text('touch'), text(m))), END),
      names: new RegExp(`${module}.${name}`),
      runs,
    }),
  ),
  ...OTHERS.map(
    ([module, name, source]): Bypass => ({
      name: `${module}.${name}`,
      ...(source === undefined ? {} : { source }),
      stream: (m) => bytesOf(PROTO_4, call(stackGlobal(module, name), text(m)), END),
      names: new RegExp(`${module}.${name}`.replaceAll('.', '\\.')),
      runs: null,
    }),
  ),
];
