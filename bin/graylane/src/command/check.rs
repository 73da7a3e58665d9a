use std::time::SystemTime;

use graylane_config::{HostPattern, Service, Upstream, Value};
use graylane_load::Asked;
use graylane_route::Snapshot;
use graylane_tls::Tls;

use crate::cli;
use crate::exit::{self, Failure};
use crate::generation;
use crate::load::Loaded;
use crate::output;

/// `graylane check`
pub(crate) fn check(args: &cli::Check) -> Result<u8, Failure> {
    let wanted = args.file.wanted();
    let loaded = Loaded::read(&wanted, None)?;
    // Only here it shows whether the flags that lanes name are there.
    generation::with_files(Snapshot::compile(&loaded.config, 1), &loaded)?;
    let tls = generation::tls(&loaded, None)?;
    if args.origin {
        origins(&loaded, &wanted.asked, args.file.json);
        return Ok(exit::OK);
    }
    let idle: Vec<&str> = loaded.idle_sections().collect();
    if args.file.json {
        let services: Vec<&str> = loaded
            .config
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        output::line(
            &serde_json::json!({ "ok": true, "services": services, "certificates": certificates(&tls), "sections_without_module": idle, "flags_left_out": loaded.flags.left_out }),
        );
        return Ok(exit::OK);
    }
    let mut text = format!("{} is fine\n", wanted.asked.file.display());
    for (listener, server) in tls.servers() {
        text += &format!("listener {listener}: TLS\n");
        for certificate in server.certificates() {
            let names = certificate.names.join(", ");
            let names = if names.is_empty() { "no DNS name" } else { &names };
            let until = date(certificate.not_after);
            text += &format!("  certificate {}: {names}; expires {until}\n", certificate.file);
        }
    }
    for service in &loaded.config.services {
        let (hosts, paths) = (hosts(service), service.paths.join(", "));
        text += &format!("service {}: hosts {hosts}; paths {paths}\n", service.name);
        for lane in &service.lanes {
            let upstream = match &lane.upstream {
                Upstream::Respond(respond) => format!("answered here with {}", respond.status),
                Upstream::Endpoints(endpoints) if endpoints.len() == 1 => "1 endpoint".to_owned(),
                Upstream::Endpoints(endpoints) => format!("{} endpoints", endpoints.len()),
            };
            let share = match (lane.interval, &lane.flag) {
                (Some(interval), _) => format!("{} {interval}", lane.weight),
                (None, Some(flag)) => format!("flag {}", flag.key),
                (None, None) => format!("{} (baseline)", lane.weight),
            };
            text += &format!("  lane {:20} {share:30} {upstream}\n", lane.name);
        }
    }
    for warning in tls.warnings(SystemTime::now()) {
        text += &format!("warning: {warning}\n");
    }
    for name in idle {
        text += &format!("note: this build has no module `{name}`; its section has no effect\n");
    }
    for one in &loaded.flags.left_out {
        text += &format!("note: left out: {}\n", one.trim_end());
    }
    output::text(&text);
    Ok(exit::OK)
}

/// The certificates of all listeners, for machines.
fn certificates(tls: &Tls) -> Vec<serde_json::Value> {
    let all = tls.servers().flat_map(|(listener, server)| {
        server.certificates().iter().map(move |certificate| {
            serde_json::json!({
                "listener": listener.as_str(),
                "file": certificate.file,
                "names": certificate.names,
                "not_before": date(certificate.not_before),
                "not_after": date(certificate.not_after),
            })
        })
    });
    all.collect()
}

/// A date and time; one before 1970, which `humantime` cannot write, is shown as its first second.
fn date(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at.max(SystemTime::UNIX_EPOCH)).to_string()
}

/// Every value with where it comes from.
fn origins(loaded: &Loaded, asked: &Asked, json: bool) {
    if json {
        let value = |one: &Value| serde_json::json!({ "key": one.key, "value": one.value.to_string(), "origin": one.origin.to_string() });
        let values: Vec<_> = loaded.values.iter().map(value).collect();
        output::line(&serde_json::json!({
            "ok": true,
            "environment": asked.environment.as_str(),
            "values": values,
        }));
    } else {
        output::text(&graylane_config::origin_table(&loaded.values));
    }
}

/// The hosts of a service as they are written in a file.
fn hosts(service: &Service) -> String {
    let hosts: Vec<String> = service
        .hosts
        .iter()
        .map(|host| match host {
            HostPattern::Exact(host) => host.to_string(),
            HostPattern::Below(parent) => format!("*{parent}"),
        })
        .collect();
    if hosts.is_empty() {
        "*".to_owned()
    } else {
        hosts.join(", ")
    }
}
