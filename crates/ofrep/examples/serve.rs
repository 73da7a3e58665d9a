//! Serves a file of flags: `serve ADDRESS FILE [KEY]`. The file is read again when its content changes; one that is wrong
//! leaves what is served as it is.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example is a program whose errors end it"
)]

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};
use graylane_ofrep::{Key, Origins, Published, Publisher, Server, Settings};
use sha2::{Digest, Sha256};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        println!("serve ADDRESS FILE [KEY]");
        std::process::exit(2);
    };
    let key = arguments.next();
    let settings = Settings {
        keys: key
            .map(|key| Key {
                name: "example".into(),
                sha256: Sha256::digest(key).into(),
            })
            .into_iter()
            .collect(),
        cors: Origins::Any,
        ..Settings::default()
    };
    let mut text = std::fs::read_to_string(&file).unwrap();
    let mut revision = 1;
    let publisher = Publisher::new(compile(&file, &text, revision).unwrap());
    let listener = TcpListener::bind(address).unwrap();
    let server = Server::start(listener, settings, publisher.clone()).unwrap();
    println!("http://{}", server.address());

    loop {
        std::thread::sleep(Duration::from_millis(50));
        let Ok(now) = std::fs::read_to_string(&file) else {
            continue;
        };
        if now != text {
            text = now;
            match compile(&file, &text, revision + 1) {
                Ok(published) => {
                    revision += 1;
                    publisher.publish(published);
                }
                Err(message) => println!("{message}"),
            }
        }
    }
}

fn compile(name: &str, text: &str, revision: u64) -> Result<Published, String> {
    let source = Source::new(name, text.to_owned());
    let reading =
        Definitions::read([&source], ReadOptions::default()).map_err(|wrong| wrong.render(&source))?;
    let flags = FlagSet::compile(&reading.definitions, Options { gray_on: true });
    Ok(Published {
        flags: Arc::new(flags.map_err(|wrong| wrong.render(&source))?),
        revision,
        digest: Sha256::digest(text).into(),
    })
}
