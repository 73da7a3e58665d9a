use std::collections::{BTreeMap, BTreeSet};

/// A page in Prometheus' text format, read strictly.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    types: BTreeMap<String, String>,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// Reads a page.
    ///
    /// # Panics
    /// Where a collector would complain: a line that is none, a sample without a type or away from its family, a
    /// series twice, a counter below zero or without `_total`, a histogram that falls or whose `+Inf` is not its count.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end: {text:?}");
        let mut page = Self::default();
        let (mut seen, mut families) = (BTreeSet::new(), BTreeSet::new());
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                page.comment(comment, line);
                continue;
            }
            let sample = Sample::parse(line).unwrap_or_else(|| panic!("this is no sample: {line}"));
            let family = page
                .family(&sample.name)
                .unwrap_or_else(|| panic!("no type before: {line}"))
                .to_owned();
            if family != current {
                assert!(families.insert(family.clone()), "the family is split: {line}");
                current = family;
            }
            assert!(
                seen.insert((sample.name.clone(), sample.labels.clone())),
                "twice: {line}"
            );
            page.samples.push(sample);
        }
        page.check();
        page
    }

    fn comment(&mut self, comment: &str, line: &str) {
        let words: Vec<_> = comment.splitn(3, ' ').collect();
        match words.as_slice() {
            ["HELP", _, _] => {}
            ["TYPE", name, kind @ ("counter" | "gauge" | "histogram")] => {
                let earlier = self.types.insert((*name).to_owned(), (*kind).to_owned());
                assert!(earlier.is_none(), "the type is given twice: {line}");
            }
            _ => panic!("this is neither HELP nor TYPE: {line}"),
        }
    }

    fn family<'a>(&self, name: &'a str) -> Option<&'a str> {
        let of = |part: &str| name.strip_suffix(part).filter(|base| self.is(base, "histogram"));
        let whole = self.types.contains_key(name).then_some(name);
        whole
            .or_else(|| of("_bucket"))
            .or_else(|| of("_sum"))
            .or_else(|| of("_count"))
    }

    fn is(&self, family: &str, kind: &str) -> bool {
        self.types.get(family).is_some_and(|known| known == kind)
    }

    fn check(&self) {
        for sample in &self.samples {
            if self.is(&sample.name, "counter") {
                assert!(
                    sample.value >= 0.0 && sample.name.ends_with("_total"),
                    "no counter: {sample:?}"
                );
            }
            let Some(base) = sample
                .name
                .strip_suffix("_count")
                .filter(|base| self.is(base, "histogram"))
            else {
                continue;
            };
            let bucket_name = format!("{base}_bucket");
            let buckets: Vec<_> = self
                .samples
                .iter()
                .filter(|other| other.of(&bucket_name, &sample.labels))
                .collect();
            assert!(
                buckets.windows(2).all(|pair| pair[0].value <= pair[1].value),
                "it falls: {buckets:?}"
            );
            let last = buckets.last().unwrap_or_else(|| panic!("no buckets: {sample:?}"));
            assert_eq!(
                (last.labels["le"].as_str(), last.value),
                ("+Inf", sample.value),
                "{sample:?}"
            );
        }
    }

    /// The sum of the samples of this name that have these labels; 0 where there are none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(key, value)| sample.labels.get(*key).is_some_and(|v| v == value))
        };
        self.samples.iter().filter(fits).map(|sample| sample.value).sum()
    }

    /// Whether there is a sample of this name.
    pub fn has(&self, name: &str) -> bool {
        self.samples.iter().any(|sample| sample.name == name)
    }

    /// The values of one label over the samples of this name.
    pub fn label_values(&self, name: &str, label: &str) -> BTreeSet<String> {
        let of = self.samples.iter().filter(|sample| sample.name == name);
        of.filter_map(|sample| sample.labels.get(label).cloned())
            .collect()
    }
}

impl Sample {
    fn parse(line: &str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let value = value.parse().ok()?;
        let (name, labels) = match series.split_once('{') {
            Some((name, rest)) => (name, Self::labels(rest.strip_suffix('}')?)?),
            None => (series, BTreeMap::new()),
        };
        let right = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
        (begins && name.chars().all(right)).then(|| Self {
            name: name.to_owned(),
            labels,
            value,
        })
    }

    fn labels(mut rest: &str) -> Option<BTreeMap<String, String>> {
        let mut labels = BTreeMap::new();
        while !rest.is_empty() {
            let (key, after) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut chars = after.char_indices();
            let end = loop {
                match chars.next()? {
                    (i, '"') => break i,
                    (_, '\\') => value.push(match chars.next()?.1 {
                        'n' => '\n',
                        c @ ('"' | '\\') => c,
                        _ => return None,
                    }),
                    (_, c) => value.push(c),
                }
            };
            labels.insert(key.to_owned(), value).is_none().then_some(())?;
            rest = &after[end + 1..];
            rest = if rest.is_empty() {
                rest
            } else {
                rest.strip_prefix(',')?
            };
        }
        Some(labels)
    }

    /// Whether it is of this name and has these labels, `le` aside.
    fn of(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.name == name
            && self
                .labels
                .iter()
                .filter(|(key, _)| *key != "le")
                .eq(labels.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP a_total How many.\n# TYPE a_total counter\na_total{x=\"1\"} 2\na_total{x=\"a\\\"b,c\"} 3\n\
                        # TYPE h histogram\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 0.3\nh_count 2\n";

    #[test]
    fn samples_are_summed_over_the_labels_not_asked_for() {
        let page = Metrics::parse(PAGE);

        assert_eq!(
            (page.sum("a_total", &[]), page.sum("a_total", &[("x", "a\"b,c")])),
            (5.0, 3.0)
        );
        assert!(page.has("h_count") && !page.has("b"));
    }

    #[test]
    fn a_page_that_a_collector_would_refuse_fails() {
        for wrong in [
            "a 1\n",
            "# TYPE a gauge\na 1\na 2\n",
            "# TYPE a gauge\na x\n",
            "# TYPE a counter\na 1\n",
            "# TYPE a_total counter\na_total -1\n",
            "# TYPE a gauge\n# TYPE b gauge\na{x=\"1\"} 1\nb 1\na{x=\"2\"} 1\n",
            "# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n",
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 2\n",
            "# TYPE a gauge\na{x=\"1} 1\n",
            "# TYPE a gauge\na 1",
        ] {
            assert!(
                std::panic::catch_unwind(|| Metrics::parse(wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
