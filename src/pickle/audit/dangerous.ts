/** The names that would run code, touch files, processes or the network, or look up further names when Python calls them. */

/** Why, in words that follow `would`. */
const RUN_PROGRAM = 'run a program';
const RUN_CODE = 'run Python code';
const LOOK_UP = 'import a module or look up a name';
const NETWORK = 'reach the network';
const FILES = 'touch files';
const UNPICKLE = 'load another pickle or code object';
const NATIVE = 'reach native code or memory';
const INTERPRETER = 'reach into the interpreter';
const LIBRARY = "call a part of Python's standard library that no model needs";

/** Whole modules of any origin, submodules included. First match wins. */
const FAMILIES: readonly (readonly [reason: string, modules: string])[] = [
  [
    RUN_PROGRAM,
    'os posix nt subprocess _posixsubprocess pty commands popen2 platform asyncio _asyncio multiprocessing _multiprocessing ' +
      'concurrent sched threading _thread thread dummy_thread signal _signal sh plumbum pexpect invoke fabric paramiko psutil ' +
      'numpy.distutils distutils setuptools pkg_resources pip _pip ensurepip venv easy_install torch.utils.collect_env',
  ],
  [
    RUN_CODE,
    'code codeop runpy timeit trace profile cProfile _lsprof pstats bdb pdb doctest unittest test compiler imputil ihooks rexec ' +
      'Bastion new py_compile compileall cgitb idlelib lib2to3 turtle turtledemo tkinter _tkinter rlcompleter site sitecustomize ' +
      'usercustomize zipapp modulefinder numpy.f2py numpy.testing scipy.weave IPython ipykernel jinja2 mako sympy numba pyximport ' +
      'Cython pandas.core.computation torch.utils torch.jit torch._dynamo torch._inductor torch.fx torch.distributed torch.package ' +
      'pytest _pytest nose dataclasses sklearn.utils._testing sklearn.conftest',
  ],
  [
    LOOK_UP,
    'importlib _frozen_importlib _frozen_importlib_external imp _imp pkgutil zipimport inspect pydoc pydoc_data operator _operator types',
  ],
  [
    NETWORK,
    'socket _socket ssl _ssl socketserver select selectors http httplib urllib urllib2 ftplib smtplib smtpd poplib imaplib nntplib ' +
      'telnetlib xmlrpc xmlrpclib webbrowser antigravity wsgiref asyncore asynchat SocketServer BaseHTTPServer CGIHTTPServer ' +
      'SimpleHTTPServer SimpleXMLRPCServer requests httpx aiohttp urllib3 sklearn.datasets torch.hub',
  ],
  [
    UNPICKLE,
    'pickle _pickle cPickle marshal shelve dill jsonpickle yaml ruamel torch.serialization joblib.externals',
  ],
  [NATIVE, 'ctypes _ctypes cffi mmap numpy.ctypeslib'],
  [
    FILES,
    'shutil io _io _pyio tempfile pathlib glob fileinput linecache zipfile tarfile gzip bz2 lzma dbm _dbm _gdbm anydbm dbhash bsddb ' +
      'dumbdbm sqlite3 _sqlite3 csv mailbox configparser logging codecs posixfile fcntl numpy.lib.npyio numpy.lib._npyio_impl ' +
      'numpy.lib._datasource scipy.io pandas.io joblib.memory joblib.disk',
  ],
  [
    INTERPRETER,
    'sys _sys builtins gc atexit faulthandler tracemalloc _tracemalloc sysconfig weakref _weakref abc _abc ast _ast dis symtable',
  ],
];

/** The rest of the standard library of Python 3.6 to 3.13. */
const STANDARD_LIBRARY =
  '__future__ _aix_support _android_support _bisect _blake2 _bootsubprocess _bz2 _codecs _collections _collections_abc _colorize ' +
  '_compat_pickle _contextvars _crypt _csv _curses _curses_panel _datetime _decimal _elementtree _functools _hashlib _heapq ' +
  '_interpchannels _interpqueues _interpreters _ios_support _json _locale _lzma _markupbase _md5 _msi _multibytecodec _opcode ' +
  '_opcode_metadata _osx_support _overlapped _posixshmem _py_abc _pydatetime _pydecimal _pylong _pyrepl _queue _random _scproxy ' +
  '_sha1 _sha2 _sha256 _sha3 _sha512 _sitebuiltins _sre _stat _statistics _string _strptime _struct _suggestions _symtable ' +
  '_sysconfig _threading_local _tokenize _typing _uuid _warnings _weakrefset _winapi _wmi _xxsubinterpreters _zoneinfo aifc argparse ' +
  'array audioop base64 binascii binhex bisect calendar cgi chunk cmath cmd collections colorsys contextlib contextvars copy ' +
  'copyreg crypt curses datetime decimal difflib email encodings enum errno filecmp fnmatch formatter fractions functools ' +
  'genericpath getopt getpass gettext graphlib grp hashlib heapq hmac html imghdr ipaddress itertools json keyword locale mailcap ' +
  'macpath math mimetypes msilib msvcrt netrc nis ntpath nturl2path numbers opcode optparse ossaudiodev parser pickletools pipes ' +
  'plistlib posixpath pprint pwd pyclbr pyexpat queue quopri random re readline reprlib resource secrets shlex sndhdr spwd ' +
  'sre_compile sre_constants sre_parse stat statistics string stringprep struct sunau symbol syslog tabnanny termios textwrap this ' +
  'time token tokenize tomllib traceback tty typing unicodedata uu uuid warnings wave winreg winsound xdrlib xml zlib zoneinfo ' +
  // Python 2, whose names Python 3 maps to its own in protocols 0 to 2.
  '__builtin__ copy_reg hotshot UserDict UserList UserString StringIO cStringIO Queue itertools future_builtins';

/** Single functions of libraries that are otherwise harmless. */
const FUNCTIONS: readonly (readonly [reason: string, module: string, names: string])[] = [
  [
    RUN_CODE,
    'builtins',
    'eval exec execfile compile __import__ breakpoint input raw_input reload apply map filter',
  ],
  [
    LOOK_UP,
    'builtins',
    'getattr setattr delattr hasattr globals locals vars dir type super classmethod staticmethod property __build_class__',
  ],
  [FILES, 'builtins', 'open file'],
  [RUN_CODE, 'functools', 'reduce'],
  [
    FILES,
    'numpy',
    'load loads loadtxt genfromtxt fromfile fromregex save savez savez_compressed savetxt memmap DataSource ndfromtxt mafromtxt recfromcsv ' +
      'recfromtxt',
  ],
  [
    RUN_CODE,
    'numpy',
    'apply_along_axis apply_over_axes vectorize frompyfunc fromfunction fromiter piecewise matrix bmat mat',
  ],
  [FILES, 'joblib', 'load dump Memory Parallel delayed'],
  [FILES, 'joblib.numpy_pickle', 'load dump load_temporary_memmap _unpickle NDArrayWrapper ZNDArrayWrapper'],
  [
    FILES,
    'pandas',
    'read_pickle read_csv read_json read_sql read_html read_excel read_parquet read_hdf read_table to_pickle',
  ],
  [RUN_CODE, 'pandas', 'eval'],
  [UNPICKLE, 'torch', 'load'],
  [UNPICKLE, 'cloudpickle', 'load loads'],
  [UNPICKLE, 'cloudpickle.cloudpickle', 'load loads subimport dynamic_subimport _getattr'],
  [NATIVE, 'scipy', 'LowLevelCallable'],
];

/** Names that say what they do wherever they stand: a module may re-export them. */
const TELLING_NAMES =
  '__import__ eval exec execfile system popen Popen check_output check_call getoutput getstatusoutput import_module getattr ' +
  '__builtins__ __globals__ __subclasses__ __code__ __loader__ __spec__ __dict__ __class__ __bases__ __mro__ __getattribute__ ' +
  '__getattr__ __setattr__ __reduce__ __reduce_ex__ __call__ __init__ __self__ __func__ runstring myeval resolve_name attrgetter methodcaller ' +
  'runcode runsource';

const FAMILY_OF = new Map(
  FAMILIES.flatMap(([reason, modules]) => modules.split(' ').map((module) => [module, reason] as const)),
);
const STANDARD = new Set(STANDARD_LIBRARY.split(' '));
const FUNCTION_OF = new Map(
  FUNCTIONS.flatMap(([reason, module, names]) =>
    names.split(' ').map((name) => [`${module}.${name}`, reason] as const),
  ),
);
const TELLING = new Set(TELLING_NAMES.split(' '));
/** Libraries whose modules hold other modules as attributes, which a dotted name could reach. */
const LIBRARIES = /^(?:sklearn|numpy|scipy|joblib|pandas|torch)(?:\.|$)/;

/**
 * What a name that is not known data would do in Python, in words that follow `would`; null where nothing is known
 * about it.
 */
export function dangerOf(module: string, name: string): string | null {
  const direct =
    FUNCTION_OF.get(`${module === '__builtin__' ? 'builtins' : module}.${name}`) ?? familyOf(module);
  if (direct !== null) {
    return direct;
  }
  const parts = name.split('.');
  if (parts.some((part) => TELLING.has(part))) {
    return LOOK_UP;
  }
  // `from sklearn import os`, or `sklearn.base` with the name `os.system`.
  const through = parts.find((part) => FAMILY_OF.has(part));
  if (through !== undefined && (LIBRARIES.test(module) || parts.length > 1)) {
    return FAMILY_OF.get(through) ?? LOOK_UP;
  }
  return parts.length > 1 && LIBRARIES.test(module) ? LOOK_UP : null;
}

function familyOf(module: string): string | null {
  for (let end = module.length; end > 0; end = module.lastIndexOf('.', end - 1)) {
    const reason = FAMILY_OF.get(module.slice(0, end));
    if (reason !== undefined) {
      return reason;
    }
  }
  return STANDARD.has(module.split('.', 1)[0] ?? '') ? LIBRARY : null;
}
