//! A sandbox that refuses `membarrier`, as an old kernel or a strict container would.

use std::io;

/// For which threads the call is refused from now on. Threads that these start inherit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The calling thread.
    Here,
    /// Every thread of the process.
    Everywhere,
}

/// Has `membarrier` fail with this error. It cannot be taken back.
///
/// # Errors
///
/// When the kernel has no seccomp filters, or does not allow one here.
pub fn refuse_membarrier(refused: Refused, errno: i32) -> io::Result<()> {
    let call = u32::try_from(libc::SYS_membarrier).expect("system calls have small numbers");
    let error = u32::try_from(errno).expect("errors are positive");
    // Load the number of the system call, which comes first; if it is this one, go on with the next instruction, or else
    // skip that one.
    let instruction = |code: u32, skipped: u8, operand: u32| libc::sock_filter {
        code: u16::try_from(code).expect("an instruction code"),
        jt: 0,
        jf: skipped,
        k: operand,
    };
    let mut filter = [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, call),
        instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | error),
        instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
    let flags = if refused == Refused::Everywhere { libc::SECCOMP_FILTER_FLAG_TSYNC } else { 0 };
    // SAFETY: the call takes integers.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.into())?;
    // SAFETY: the program and its instructions are valid for the call, which copies them.
    check(unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    })?;
    // SAFETY: the call takes integers.
    let refused = unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_QUERY, 0, 0) } == -1;
    let refused = refused && io::Error::last_os_error().raw_os_error() == Some(errno);
    if refused { Ok(()) } else { Err(io::Error::other("the filter does not work")) }
}

fn check(result: libc::c_long) -> io::Result<()> {
    match result {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        thread => Err(io::Error::other(format!("thread {thread} has another filter"))),
    }
}
