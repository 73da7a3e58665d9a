/// Whether a share of errors is larger than allowed: a test that may be asked at any time.
///
/// A bet against "each exchange fails with the chance `allowed` at most, whatever came before": per exchange the stake grows
/// by `q / allowed` where it fails, and by `(1 - q) / (1 - allowed)` where it does not. While the claim holds, the stake
/// is expected not to grow, so that it ever reaches `1 / alpha` with a chance of `alpha` at most, however often one looks
/// (Ville's inequality). Several bets `q` share the first stake, because nobody knows how bad it will be.
///
/// Not covered: failures that come in bundles by a cause that hits both processes alike, such as an endpoint that dies in
/// the probation. Then the new one goes without a fault of its own, which costs a second try.
#[derive(Clone, Debug)]
pub struct Verdict {
    allowed: f64,
    threshold: f64,
    /// The logarithm of what each bet has come to.
    bets: [f64; BETS.len()],
    fired: bool,
}

/// How far from `allowed` to 1 each bet is.
const BETS: [f64; 8] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8];

impl Verdict {
    /// For errors up to the share `allowed`, with the chance `alpha` to fire all the same. Both are between 0 and 1,
    /// and are brought there.
    #[must_use]
    pub fn new(allowed: f64, alpha: f64) -> Self {
        Self {
            allowed: allowed.clamp(1e-6, 0.999_999),
            threshold: -alpha.clamp(1e-12, 1.0).ln(),
            bets: [0.0; BETS.len()],
            fired: false,
        }
    }

    /// The share that is allowed.
    #[must_use]
    pub fn allowed(&self) -> f64 {
        self.allowed
    }

    /// Takes so many more exchanges, `errors` of which failed.
    pub fn see(&mut self, exchanges: u64, errors: u64) {
        let failed = errors.min(exchanges) as f64;
        let fine = exchanges as f64 - failed;
        let p = self.allowed;
        for (bet, far) in self.bets.iter_mut().zip(BETS) {
            let q = p + (1.0 - p) * far;
            *bet += failed * (q / p).ln() + fine * ((1.0 - q) / (1.0 - p)).ln();
        }
        self.fired |= self.stake() >= self.threshold;
    }

    /// Whether the share is larger. Once it is, it stays.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.fired
    }

    /// The logarithm of the mean of all bets.
    fn stake(&self) -> f64 {
        let best = self.bets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = self.bets.iter().map(|bet| (bet - best).exp()).sum::<f64>();
        best + (sum / BETS.len() as f64).ln()
    }
}

/// The largest share of errors that what was seen allows for, with the chance `delta` that it is larger still.
///
/// Chernoff's bound for independent exchanges, solved for the share: right for every number of them. 1 without any.
#[must_use]
pub fn upper_share(exchanges: u64, errors: u64, delta: f64) -> f64 {
    if exchanges == 0 {
        return 1.0;
    }
    let share = errors.min(exchanges) as f64 / exchanges as f64;
    let most = -delta.clamp(1e-12, 1.0).ln() / exchanges as f64;
    let (mut low, mut high) = (share, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        match divergence(share, middle) <= most {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// Of a coin with the share `a` from one with the share `b` (Kullback and Leibler).
fn divergence(a: f64, b: f64) -> f64 {
    let term = |x: f64, y: f64| if x == 0.0 { 0.0 } else { x * (x / y).ln() };
    term(a, b) + term(1.0 - a, 1.0 - b)
}

#[cfg(test)]
mod tests;
