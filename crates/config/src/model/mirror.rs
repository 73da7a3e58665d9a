use graylane_core::Weight;

/// `[lanes.<service>.<name>.mirror]`: requests of this lane that another one gets as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The index of the lane that gets the copies, among those of the service: another one, which has endpoints.
    pub to: usize,
    /// The share of the lane's exchanges that are copied.
    pub share: Weight,
    /// The longest body that is copied, in bytes; default 64 KiB.
    pub body: u64,
    /// Copies at a time, of each worker; default 100.
    pub in_flight: u64,
    /// The methods that are copied; empty: all.
    pub methods: Vec<Box<str>>,
}
