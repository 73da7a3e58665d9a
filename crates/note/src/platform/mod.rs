//! Where notes can be written and read back: ELF on Linux, on 64-bit machines with stable inline assembly.

#[cfg_attr(
    all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
    ),
    path = "elf.rs"
)]
#[cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
    )),
    path = "unsupported.rs"
)]
mod chosen;

pub use chosen::{SUPPORTED, own};
