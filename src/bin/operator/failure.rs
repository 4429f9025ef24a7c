//! Why a command failed, and the exit code that says so to a script.

/// The service refused or failed, or did not answer. It is also the one that checks most values.
const REFUSED: u8 = 1;
/// The command line cannot be read, or the environment is wrong. clap exits with this code too.
const USAGE: u8 = 2;
/// Nobody has said yes.
const UNCONFIRMED: u8 = 3;

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the service refused (a value, too), failed or did not answer
  2  the command line cannot be read, or a variable is wrong
  3  nobody said yes, so nothing was changed";

/// The reason why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// Lines for a person.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// The command line or the environment is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: USAGE,
        }
    }

    /// Nobody has said yes.
    pub fn unconfirmed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: UNCONFIRMED,
        }
    }

    /// The same failure, with other words.
    #[must_use]
    pub fn told(self, words: impl FnOnce(String) -> String) -> Self {
        Self {
            message: words(self.message),
            code: self.code,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self {
            message,
            code: REFUSED,
        }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}
