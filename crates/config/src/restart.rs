use std::collections::BTreeMap;

use crate::Config;

impl Config {
    /// The keys that differ in a new configuration and that are read at the start only; empty where a reload may take it.
    pub fn restart_needed(&self, new: &Self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut note = |differs: bool, key: &str| {
            if differs {
                keys.push(key.to_owned());
            }
        };
        note(self.server.workers != new.server.workers, "server.workers");
        note(self.server.state != new.server.state, "server.state");
        note(self.handover.folder != new.handover.folder, "handover.folder");
        note(self.admin.address != new.admin.address, "admin.address");
        let ofrep = |config: &Self| config.ofrep.as_ref().map(|ofrep| ofrep.address);
        note(ofrep(self) != ofrep(new), "ofrep.address");
        let listeners = |config: &Self| -> BTreeMap<_, _> {
            let all = config.listeners.iter();
            all.map(|one| (one.name.to_string(), one.address)).collect()
        };
        let (old, new) = (listeners(self), listeners(new));
        let added = new.keys().filter(|name| !old.contains_key(*name));
        for name in old.keys().chain(added) {
            note(
                old.get(name) != new.get(name),
                &format!("listeners.{name}.address"),
            );
        }
        keys
    }
}
