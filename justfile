# Shorter names for what `ci/*` and cargo do. Each recipe is one line; workflows call the same scripts.

# What can be done
default:
    @just --list

# Run the gateway with the example configuration, in the canary channel
run *ARGS:
    cargo run --features canary -- serve --env dev -c examples/quickstart.toml {{ ARGS }}

# Run every check; `just test --quick` leaves out the slow end, `just test --only STEP` takes one
test *ARGS:
    ci/test {{ ARGS }}

# Format the sources
fmt:
    cargo fmt --all

# Check floors, edges, folders and features of the crates
floors:
    ci/floors

# Check licences, sources and duplicate versions of third-party crates
licences:
    ci/licences

# Build the artifact of one channel (dev, prod, staging or canary) as it ships, into dist/CHANNEL
channel CHANNEL:
    ci/channel {{ CHANNEL }}

# Prove which modules each channel's artifact holds; `just prove --mutants` shows that the proof can fail
prove *ARGS:
    ci/prove {{ ARGS }}

# Measure the gateway side by side with nginx and HAProxy
bench *ARGS:
    ci/bench/proxy {{ ARGS }}

# Measure the flag evaluator and the OFREP server beside their peers
bench-flags *ARGS:
    ci/bench/flags {{ ARGS }}

# Run the soak tests for long; `just soak --minutes 10 mortal` takes one
soak *ARGS:
    ci/soak {{ ARGS }}

# Compare the flag evaluator with the official ones on random flags
crosscheck *ARGS:
    ci/crosscheck {{ ARGS }}

# Compare what the gateway forwards with what nginx, HAProxy and hyper understand
differential *ARGS:
    ci/differential {{ ARGS }}

# Let OpenFeature's own SDKs talk to the gateway; `just sdk --all` has the Rust SDK as well
sdk *ARGS:
    ci/sdk {{ ARGS }}

# Let gRPC, WebSocket, HTTP and TLS peers that nobody here wrote talk through the gateway
interop *ARGS:
    ci/interop {{ ARGS }}

# Build the documentation of all crates
doc:
    cargo doc --workspace --no-deps --all-features
