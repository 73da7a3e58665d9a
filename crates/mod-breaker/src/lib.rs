//! Skeleton of module breaker.
use graylane_pipeline::{Instance, Module, Phases, Settings, SettingsError, StartError, Topology};
use std::sync::Arc;

graylane_note::linked!("breaker");

/// The module.
pub fn module() -> impl Module {
    Skeleton
}

struct Skeleton;
struct Running;

impl Module for Skeleton {
    fn name(&self) -> &'static str {
        "breaker"
    }
    fn summary(&self) -> &'static str {
        "skeleton"
    }
    fn check(&self, _settings: Settings<'_>) -> Result<(), SettingsError> {
        Ok(())
    }
    fn start(
        &self,
        _settings: Settings<'_>,
        _topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        Ok(Arc::new(Running))
    }
}
impl Instance for Running {
    fn name(&self) -> &'static str {
        "breaker"
    }
    fn phases(&self) -> Phases {
        graylane_note::emitted!("breaker");
        Phases::NONE
    }
}
