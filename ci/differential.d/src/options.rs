//! What a person asks for.

/// The options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    pub seed: u64,
    pub count: u64,
    pub batch: usize,
    pub lanes: usize,
    pub only: Option<String>,
    pub list: bool,
    pub self_test: bool,
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            seed: 1,
            count: 100_000,
            batch: 8,
            lanes: 4,
            only: None,
            list: false,
            self_test: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
            let number = |text: String| {
                let parsed = text.replace('_', "").parse::<u64>();
                parsed.map_err(|_| format!("{word} wants a number, not {text}"))
            };
            let small = |text: String| {
                let parsed = number(text)?;
                usize::try_from(parsed.clamp(1, 64)).map_err(|error| error.to_string())
            };
            match word.as_str() {
                "--seed" => options.seed = number(value()?)?,
                "--count" => options.count = number(value()?)?,
                "--batch" => options.batch = small(value()?)?,
                "--lanes" => options.lanes = small(value()?)?,
                "--only" => options.only = Some(value()?),
                "--list" => options.list = true,
                "--self-test" => options.self_test = true,
                other => return Err(format!("unknown argument {other}")),
            }
        }
        Ok(options)
    }
}
