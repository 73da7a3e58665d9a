use graylane_config::{HostPattern, Service, Upstream};

use crate::cli;
use crate::exit::{self, Failure};
use crate::load::Loaded;
use crate::output;

/// `graylane check`
pub(crate) fn check(args: &cli::File) -> Result<u8, Failure> {
    let loaded = Loaded::read(&args.config)?;
    let idle: Vec<&str> = loaded.idle_sections().collect();
    if args.json {
        let services: Vec<&str> = loaded
            .config
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        output::line(
            &serde_json::json!({ "ok": true, "services": services, "sections_without_module": idle }),
        );
        return Ok(exit::OK);
    }
    let mut text = format!("{} is fine\n", args.config.display());
    for service in &loaded.config.services {
        let (hosts, paths) = (hosts(service), service.paths.join(", "));
        text += &format!("service {}: hosts {hosts}; paths {paths}\n", service.name);
        for lane in &service.lanes {
            let upstream = match &lane.upstream {
                Upstream::Respond(respond) => format!("answered here with {}", respond.status),
                Upstream::Endpoints(endpoints) if endpoints.len() == 1 => "1 endpoint".to_owned(),
                Upstream::Endpoints(endpoints) => format!("{} endpoints", endpoints.len()),
            };
            let share = match lane.interval {
                Some(interval) => format!("{} {interval}", lane.weight),
                None => format!("{} (baseline)", lane.weight),
            };
            text += &format!("  lane {:20} {share:30} {upstream}\n", lane.name);
        }
    }
    for name in idle {
        text += &format!("note: this build has no module `{name}`; its section has no effect\n");
    }
    output::text(&text);
    Ok(exit::OK)
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
