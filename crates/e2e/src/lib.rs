//! Whole-system tests of the gateway: they stand in `tests/`, one topic a file, and this library is empty.
//!
//! Each test starts the real binary as a process of its own, on ports that the system chooses, with upstream servers
//! that record every byte. Nothing here links the gateway: what is tested is what would be shipped.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `GRAYLANE_BIN` | the binary to test | `graylane` in the folder of the tests' own profile |
//! | `GRAYLANE_CHANNEL` | what it was built as: `dev`, `prod`, `staging`, `canary` | built without any feature |
//! | `GRAYLANE_E2E_STREAM` | megabytes that the streaming tests move each way | 512 |
//!
//! Tests of a module that the channel does not carry say so and end early.
