//! How many arenas the C library's allocator keeps.
//!
//! SQLite works on a thread for each connection, and scratch databases come and go with theirs.
//! glibc's allocator by default spreads threads over eight arenas for each processor, gives little
//! of what was freed in one to another, and returns and asks for the end of each again and again.
//! Two for each processor take less memory, and less time as well: with one, threads wait for each
//! other.
//!
//! The number is read from the environment when a program starts, before any line of it runs. So a
//! program that finds none there begins once more, as the same process, with one.

/// Takes no more than two arenas for each processor, unless the environment says how many. To be
/// called before all else: the program begins anew, and nothing that it has done remains.
///
/// Where the allocator is another one, and where the program cannot begin anew, it goes on as it
/// is.
pub fn limit() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::limit();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::{env, os::unix::process::CommandExt, process::Command, thread};

    const ARENAS: &str = "MALLOC_ARENA_MAX";
    const FOR_EACH_PROCESSOR: usize = 2;

    pub(super) fn limit() {
        if env::var_os(ARENAS).is_some() {
            return;
        }
        let (Ok(program), Ok(processors)) = (env::current_exe(), thread::available_parallelism())
        else {
            return;
        };
        let arenas = FOR_EACH_PROCESSOR * processors.get();
        let mut arguments = env::args_os();
        let mut again = Command::new(program);
        if let Some(name) = arguments.next() {
            again.arg0(name);
        }
        // It returns only if it fails.
        let _failed = again.args(arguments).env(ARENAS, arenas.to_string()).exec();
    }
}
