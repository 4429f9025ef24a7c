//! The server under test: `scripts/serve.mjs`, which runs wrangler, workerd and D1.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write, stderr};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, exit};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{
    Arc, Condvar, LazyLock, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Request;

/// Long, because the server may have to build the Worker first.
const START_DEADLINE: Duration = Duration::from_secs(600);

/// How long a log line may take to reach us.
const LOG_DEADLINE: Duration = Duration::from_secs(10);

/// The longest run of all tests, including those of a million rows. A test that waits for ever would else take as long as
/// the machine lets it.
const RUN_DEADLINE: Duration = Duration::from_secs(45 * 60);

/// The operator's token from `.dev.vars.example`.
pub const OPERATOR_TOKEN: &str = "local-operator";

/// The root of the repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The server that tests share, unless they need a different configuration.
pub fn shared() -> &'static Server {
    static SHARED: LazyLock<Server> = LazyLock::new(|| Server::start(fresh_directory(), None, &[]));
    &SHARED
}

/// A server with the demo. Tests that use it must not change the five customers, except in ways that can be repeated.
pub fn demo() -> &'static Server {
    static DEMO: LazyLock<&Server> = LazyLock::new(Server::with_demo);
    &DEMO
}

pub struct Server {
    /// `http://127.0.0.1:port`
    pub origin: String,
    /// The directory in which D1, KV and the others store their files.
    pub state: PathBuf,
    traffic: RwLock<()>,
    output: Arc<Output>,
    /// We hold the server's standard input. It closes when this process ends, for whatever reason, and then the server
    /// stops itself and its child processes. Killing the server would leave those running.
    process: Mutex<Child>,
}

#[derive(Default)]
struct Output {
    printed: Mutex<Printed>,
    grown: Condvar,
}

/// All lines that the server has printed, and the log entries in them.
#[derive(Default)]
struct Printed {
    lines: Vec<String>,
    /// The Worker's log line for each request, by request id.
    logs: HashMap<String, Value>,
    /// The Worker's log line for each run of work in steps.
    runs: Vec<Value>,
}

/// How a server differs from the shared one.
pub struct Difference<'a> {
    /// Texts of `wrangler.toml` and their replacements.
    pub config: &'a [(&'a str, &'a str)],
    /// Its secrets in the format of `.dev.vars`. `None` means those of the shared server.
    pub secrets: Option<&'a str>,
}

impl Server {
    /// Starts a server for one test alone: one that it kills, restores or slows down.
    pub fn alone() -> &'static Self {
        Self::different(&Difference {
            config: &[],
            secrets: None,
        })
    }

    /// Starts a server that differs from the shared one. It runs until this process ends.
    pub fn different(difference: &Difference<'_>) -> &'static Self {
        // The first server builds the Worker. Two builds at once would conflict.
        shared();
        Box::leak(Box::new(Self::start(
            fresh_directory(),
            Some(difference),
            &[],
        )))
    }

    /// Starts a server with the demo, as `npm start` loads it.
    pub fn with_demo() -> &'static Self {
        shared();
        Box::leak(Box::new(Self::start(fresh_directory(), None, &["--demo"])))
    }

    /// Stops the server, and starts another one on the same databases with the shared configuration. The new one has
    /// nothing in memory.
    pub fn restarted(&self) -> &'static Self {
        self.restarted_after(|| ())
    }

    /// The same, with some work while no server runs.
    pub fn restarted_after(&self, work: impl FnOnce()) -> &'static Self {
        self.stopped_and_started(work, None)
    }

    /// The same, with another configuration from then on.
    pub fn restarted_with(&self, difference: &Difference<'_>) -> &'static Self {
        self.stopped_and_started(|| (), Some(difference))
    }

    fn stopped_and_started(
        &self,
        work: impl FnOnce(),
        difference: Option<&Difference<'_>>,
    ) -> &'static Self {
        let mut process = self.process.lock().unwrap();
        drop(process.stdin.take());
        process.wait().unwrap();
        work();
        Box::leak(Box::new(Self::start(self.state.clone(), difference, &[])))
    }

    /// Kills workerd, which gets no chance to end anything. `restarted` then starts another server.
    pub fn kill(&self) {
        let server = self.process.lock().unwrap().id();
        let killed = descendants(server).into_iter().filter(|pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            name.trim_end() == "workerd"
        });
        let pids: Vec<String> = killed.map(|pid| pid.to_string()).collect();
        assert!(!pids.is_empty(), "the server has no workerd");
        let kill = Command::new("kill").arg("-9").args(&pids).status();
        assert!(kill.unwrap().success());
    }

    /// Starts a server with these additional arguments, and waits until it answers.
    fn start(state: PathBuf, difference: Option<&Difference<'_>>, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("node");
        command
            .current_dir(ROOT)
            .args(["scripts/serve.mjs", "--port", &port.to_string(), "--state"])
            .arg(&state)
            .args(arguments);
        if let Some(difference) = difference {
            command.arg("--config").arg(configure(&state, difference));
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node is needed to start the server");
        let output = Arc::new(Output::default());
        output.read(process.stdout.take().unwrap());
        output.read(process.stderr.take().unwrap());
        let server = Self {
            origin: format!("http://127.0.0.1:{port}"),
            state,
            traffic: RwLock::new(()),
            output,
            process: Mutex::new(process),
        };
        server.wait_until_it_answers();
        server
    }

    /// Waits until the Worker answers. It fails if the server ends first.
    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let answer = Request::new(self, "OPTIONS", "/customers").try_send();
            if answer.is_ok_and(|answer| answer.status == 204) {
                // The first request of an isolate asks the ledger how far the database has come. Tests count later trips.
                // A server without its secrets answers a 500.
                let _ = Request::new(self, "GET", "/customers").try_send();
                return;
            }
            let ended = self.process.lock().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the server did not start:\n{}",
                self.printed()
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Every request holds this guard until it is answered.
    pub fn request_under_way(&self) -> Guard<RwLockReadGuard<'_, ()>> {
        let once = Once::new(self);
        Guard {
            _traffic: self.traffic.read().unwrap_or_else(PoisonError::into_inner),
            _once: once,
        }
    }

    /// Whoever writes to the database file holds this guard, and no request runs meanwhile. workerd does not wait for a
    /// lock of another process, because D1 never has one, and such a request would end in a 503.
    pub fn no_request_under_way(&self) -> Guard<RwLockWriteGuard<'_, ()>> {
        let once = Once::new(self);
        Guard {
            _traffic: self.traffic.write().unwrap_or_else(PoisonError::into_inner),
            _once: once,
        }
    }

    /// Waits for the Worker's log line of a request, and returns it.
    pub fn log(&self, request_id: &str) -> Value {
        let printed = self.output.printed.lock().unwrap();
        let (printed, _) = self
            .output
            .grown
            .wait_timeout_while(printed, LOG_DEADLINE, |printed| {
                !printed.logs.contains_key(request_id)
            })
            .unwrap();
        printed.logs.get(request_id).cloned().unwrap_or_else(|| {
            panic!("request {request_id} was not logged within {LOG_DEADLINE:?}")
        })
    }

    /// The Worker's log lines of the runs that went on with work in steps, so far.
    pub fn runs(&self) -> Vec<Value> {
        let printed = self.output.printed.lock().unwrap();
        printed.runs.clone()
    }

    /// The log lines of at least `count` runs that came after the first `early` ones.
    pub fn runs_after(&self, early: usize, count: usize) -> Vec<Value> {
        let printed = self.output.printed.lock().unwrap();
        let (printed, _) = self
            .output
            .grown
            .wait_timeout_while(printed, LOG_DEADLINE, |printed| {
                printed.runs.len() < early + count
            })
            .unwrap();
        let runs = printed.runs[early..].to_vec();
        assert!(runs.len() >= count, "{runs:?}");
        runs
    }

    /// Everything that the server has printed so far.
    pub fn printed(&self) -> String {
        self.output.printed.lock().unwrap().lines.join("\n")
    }
}

/// Keeps requests, or the database file, for a test as long as it lives.
#[must_use]
pub struct Guard<G> {
    _traffic: G,
    _once: Once,
}

/// That this thread holds the guard of a server. A thread that took it twice would wait for itself, as soon as another
/// one waits between the two.
struct Once(*const Server);

thread_local! {
    static HELD: RefCell<Vec<*const Server>> = const { RefCell::new(Vec::new()) };
}

impl Once {
    fn new(server: &Server) -> Self {
        let server = std::ptr::from_ref(server);
        HELD.with_borrow_mut(|held| {
            assert!(
                !held.contains(&server),
                "this thread holds the server's guard already"
            );
            held.push(server);
        });
        Self(server)
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        HELD.with_borrow_mut(|held| held.retain(|server| *server != self.0));
    }
}

impl Output {
    /// Reads a pipe to its end in a separate thread, because a full pipe would block the server.
    fn read(self: &Arc<Self>, pipe: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n') {
                let Ok(line) = line else { break };
                output.add(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }

    fn add(&self, line: String) {
        let mut printed = self.printed.lock().unwrap();
        if line.starts_with("{\"request_id\"")
            && let Ok(log) = serde_json::from_str::<Value>(&line)
        {
            let request_id = log["request_id"].as_str().unwrap_or_default().to_owned();
            printed.logs.insert(request_id, log);
        }
        if line.starts_with("{\"run\"") {
            printed.runs.push(serde_json::from_str(&line).unwrap());
        }
        printed.lines.push(line);
        self.grown.notify_all();
    }
}

/// The processes that a process has started, and that those have started.
fn descendants(of: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let children = children.split_whitespace().map(|pid| pid.parse().unwrap());
    children
        .flat_map(|pid: u32| [vec![pid], descendants(pid)].concat())
        .collect()
}

pub fn free_port() -> u16 {
    // Below those that the system gives to connections: one of these could take the port before the server does.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id() % 10_000;
    loop {
        let next = first + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(10_000 + next % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Creates a directory for the state of one server, inside the directory of this run.
fn fresh_directory() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = RUN.directory.join(number.to_string());
    fs::create_dir(&directory).unwrap();
    directory
}

/// The directory of this run. A process can end without cleaning up, so the next run removes the directory, once no
/// process holds its lock.
static RUN: LazyLock<Run> = LazyLock::new(Run::begin);

/// A run of this test binary. It holds the lock until the process ends.
struct Run {
    directory: PathBuf,
    _lock: File,
}

impl Run {
    /// Creates the directory, and locks it. It ends tests, not benchmarks, at the deadline.
    fn begin() -> Self {
        if cfg!(test) {
            thread::spawn(|| {
                thread::sleep(RUN_DEADLINE);
                // The macro would print into the output of the first test, which is not shown.
                let _ = writeln!(stderr(), "some tests have not ended after {RUN_DEADLINE:?}");
                exit(1);
            });
        }
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_what_is_left_over(parent);
        let directory = parent.join(format!("e2e-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let lock = File::create(directory.join("lock")).unwrap();
        lock.lock().unwrap();
        Self {
            directory,
            _lock: lock,
        }
    }
}

/// Removes the directories of runs that have ended.
fn remove_what_is_left_over(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let directory = entry.path();
        let is_left_over =
            File::open(directory.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_left_over {
            // This can fail while the run's server is still shutting down. Then the next run removes the directory.
            let _ = fs::remove_dir_all(directory);
        }
    }
}

/// Writes a server's configuration beside its state, and returns its path. Relative paths become absolute, because the
/// file is no longer in the repository.
fn configure(state: &Path, difference: &Difference<'_>) -> PathBuf {
    let mut config = fs::read_to_string(Path::new(ROOT).join("wrangler.toml")).unwrap();
    for (key, value) in [
        ("main", "build/entry.mjs"),
        ("migrations_dir", "migrations"),
        ("migrations_dir", "migrations/ledger"),
        ("directory", "build/site"),
    ] {
        let relative = format!("{key} = \"{value}\"");
        assert!(config.contains(&relative), "wrangler.toml lacks {relative}");
        let absolute = Path::new(ROOT).join(value);
        config = config.replace(&relative, &format!("{key} = {:?}", absolute.display()));
    }
    for (text, instead) in difference.config {
        assert!(config.contains(text), "wrangler.toml lacks {text}");
        config = config.replace(text, instead);
    }
    let directory = state.join("config");
    fs::create_dir(&directory).unwrap();
    if let Some(secrets) = difference.secrets {
        fs::write(directory.join(".dev.vars"), secrets).unwrap();
    }
    let path = directory.join("wrangler.toml");
    fs::write(&path, config).unwrap();
    path
}
