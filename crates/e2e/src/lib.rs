//! Whole-system tests of the gateway: they stand in `tests/`, one topic a file, and this library is empty.
//!
//! Each test starts the real binary as a process of its own, on ports that the system chooses, with upstream servers
//! that record every byte. Nothing here links the gateway: what is tested is what would be shipped.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `GRAYLANE_BIN` | the binary to test | `graylane` in the folder of the tests' own profile |
//! | `GRAYLANE_CHANNEL` | what it was built as: `dev`, `prod`, `staging`, `canary` | built without any feature |
//! | `GRAYLANE_OTHER_BIN` | a binary of another channel, for switches from one to the other and back | those tests are left out |
//! | `GRAYCTL_BIN` | the operator's command | `grayctl` in the folder of the tests' own profile |
//! | `GRAYLANE_E2E_SOAK` | seconds of each soak test; `ci/soak` sets it | 20 |
//! | `GRAYLANE_E2E_SEED` | the seed of a soak test, as it printed it | the time |
//! | `GRAYLANE_E2E_SWITCHES` | switches of binaries in a row under load | 2 |
//! | `GRAYLANE_E2E_STREAM` | megabytes that the streaming tests move each way | 512 |
//!
//! Tests of locked files need `minisign`, which `ci/setup` installs; with `CI=true` they fail without it.
//!
//! Tests of a module that the channel does not carry, and those that lack the other channel, say so and end early.
